import { UnavailableError } from "./errors.ts";
import { formatTilePath, type TileResource } from "./tile-path.ts";
import { TILE_WIDTH } from "./tile.ts";

/**
 * Gets the bytes of a tile or entry bundle of one log, by its path relative to the log's URL prefix, such as
 * `tile/0/x001/234`. Not trusted: everything it returns is checked. It should limit what it reads to 8,192
 * bytes for tiles and `BUNDLE_LENGTH_BYTES_MAX` for bundles, have a time-out, and reject if there is no such
 * resource. May be called several times at once, and again for the same path.
 */
export type FetchPath = (path: string) => Promise<Uint8Array>;

export interface FetchedResource {
  readonly bytes: Uint8Array;
  /** 256 if the full resource came in place of the partial one. */
  readonly width: number;
}

/** Fetches tiles and bundles, never more than `parallelMax` at once. */
export class ResourceFetcher {
  readonly #fetch: FetchPath;
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(fetch: FetchPath, parallelMax: number) {
    this.#fetch = fetch;
    this.#free = parallelMax;
  }

  /**
   * A log may delete a partial tile once the full one exists (c2sp.org/tlog-tiles, "Partial Tiles"), so if
   * the partial one can't be had, the full one is tried.
   *
   * @throws UnavailableError `tile_unavailable`, with what `fetch` threw as its cause
   */
  async read(resource: TileResource): Promise<FetchedResource> {
    const failures: unknown[] = [];
    for (const width of new Set([resource.width, TILE_WIDTH])) {
      try {
        return { bytes: await this.#limited(formatTilePath({ ...resource, width })), width };
      } catch (error) {
        failures.push(error);
      }
    }
    const path = formatTilePath(resource);
    const cause = failures.length === 1 ? failures[0] : new AggregateError(failures);
    throw new UnavailableError("tile_unavailable", `${path} could not be fetched`, { cause });
  }

  async #limited(path: string): Promise<Uint8Array> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      // A copy, so that nobody can change the bytes once they are verified. (A Buffer's `slice` makes none.)
      return new Uint8Array(await this.#fetch(path));
    } finally {
      // The place goes to the first in the queue, or back.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
