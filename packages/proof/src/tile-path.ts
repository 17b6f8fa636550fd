import { MalformedError } from "./errors.ts";
import { checkInteger, formatDecimal } from "./integer.ts";
import { TILE_LEVEL_MAX, TILE_WIDTH, type Tile } from "./tile.ts";

/** What a tlog-tiles path names: a hash tile, or with the level `"entries"` a bundle of entries. */
export type TileResource = Omit<Tile, "level"> & { readonly level: number | "entries" };

/** Longer than any path of a tile whose index is a safe integer. */
const PATH_LENGTH_MAX = 64;

/**
 * The path relative to the log's URL prefix: `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`, where N is
 * in groups of three digits, `x001/x234/067` for 1234067. c2sp.org/tlog-tiles.
 *
 * @throws MalformedError `integer_out_of_range`
 */
export function formatTilePath(resource: TileResource): string {
  const { level, index, width } = resource;
  checkInteger("width", width, 1, TILE_WIDTH);
  if (level !== "entries") checkInteger("level", level, 0, TILE_LEVEL_MAX);
  const digits = formatDecimal("index", index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g)!;
  const elements = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group));
  return `tile/${level}/${elements.join("/")}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

/**
 * Parses a path that {@link formatTilePath} makes, and no other. Says nothing about whether such a tile
 * exists: compare with `tileWidth`.
 *
 * @throws MalformedError `tile_path_malformed`
 */
export function parseTilePath(path: string): TileResource {
  const match =
    path.length <= PATH_LENGTH_MAX
      ? /^tile\/(\d{1,2}|entries)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path)
      : null;
  if (match) {
    const [, level, groups, width] = match;
    const resource: TileResource = {
      level: level === "entries" ? level : Number(level),
      index: Number(groups!.replaceAll(/[x/]/g, "")),
      width: width === undefined ? TILE_WIDTH : Number(width),
    };
    // Leading zeroes, unsafe integers and the like don't survive the way back.
    if (Number.isSafeInteger(resource.index) && isInRange(resource) && formatTilePath(resource) === path) {
      return resource;
    }
  }
  throw new MalformedError(
    "tile_path_malformed",
    `${JSON.stringify(path.slice(0, PATH_LENGTH_MAX))} is not the path of a tile or an entry bundle`,
  );
}

function isInRange({ level, width }: TileResource): boolean {
  return (level === "entries" || level <= TILE_LEVEL_MAX) && width >= 1 && width <= TILE_WIDTH;
}
