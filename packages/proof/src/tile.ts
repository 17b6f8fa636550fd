import { MalformedError } from "./errors.ts";
import { checkHash, HASH_LENGTH_BYTES, sha256Hasher, type Hash, type Hasher } from "./hasher.ts";
import { checkInteger } from "./integer.ts";
import type { ReadHashes } from "./proof-plan.ts";
import type { NodeId } from "./tree.ts";

/** A tile spans 8 levels of the tree, so a full one has 256 hashes (8,192 bytes). */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 256;
export const TILE_LEVEL_MAX = 63;

/**
 * `width` hashes of consecutive subtrees of 256^level leaves, from the one at `index`·256 on: 256 of them in
 * a full tile, 1 to 255 in a partial one. c2sp.org/tlog-tiles, "Merkle Tree".
 */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/**
 * How many hashes the tile has in the tree of this size: 256 if it is full, 0 if there is no such tile.
 * For level 0 this is also the number of entries in the entry bundle.
 *
 * @throws MalformedError `integer_out_of_range`
 */
export function tileWidth(level: number, index: number, treeSize: number): number {
  checkInteger("level", level, 0, TILE_LEVEL_MAX);
  checkInteger("index", index);
  checkInteger("treeSize", treeSize);
  const hashes = Math.floor(treeSize / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/**
 * The tile that the hash of a perfect subtree is read from (or folded from: only every eighth level is
 * stored), as wide as the tree of this size has it.
 *
 * @throws MalformedError `integer_out_of_range`, `tile_missing` if the subtree is not inside the tree
 */
export function tileOfNode(node: NodeId, treeSize: number): Tile {
  const level = Math.floor(checkInteger("node.level", node.level, 0, 52) / TILE_HEIGHT);
  const offset = checkInteger("node.index", node.index) * 2 ** (node.level - level * TILE_HEIGHT);
  const index = Math.floor(offset / TILE_WIDTH);
  if ((node.index + 1) * 2 ** node.level > checkInteger("treeSize", treeSize)) {
    throw new MalformedError(
      "tile_missing",
      `The tree of size ${treeSize} has no node ${node.index} at level ${node.level}`,
    );
  }
  return { level, index, width: tileWidth(level, index, treeSize) };
}

/**
 * The tiles that a log publishes when it grows from one size to another: those of the newer tree that the
 * older one does not have, or has less wide. Lowest level first, left to right. From 0: all tiles of the tree.
 *
 * @throws MalformedError `integer_out_of_range`
 */
export function* tilesBetween(olderTreeSize: number, newerTreeSize: number): Generator<Tile> {
  checkInteger("newerTreeSize", newerTreeSize);
  checkInteger("olderTreeSize", olderTreeSize, 0, newerTreeSize);
  for (let level = 0; ; level++) {
    const newer = Math.floor(newerTreeSize / TILE_WIDTH ** level);
    const older = Math.floor(olderTreeSize / TILE_WIDTH ** level);
    if (newer === older) return;
    for (let index = Math.floor(older / TILE_WIDTH); index * TILE_WIDTH < newer; index++) {
      yield { level, index, width: Math.min(TILE_WIDTH, newer - index * TILE_WIDTH) };
    }
  }
}

/** The partial tiles of a tree, highest level first: one for each level that is not a multiple of 256 wide. */
export function partialTiles(treeSize: number): Tile[] {
  const tiles: Tile[] = [];
  for (let hashes = checkInteger("treeSize", treeSize), level = 0; hashes > 0; level++) {
    const index = Math.floor(hashes / TILE_WIDTH);
    const width = hashes % TILE_WIDTH;
    if (width > 0) tiles.unshift({ level, index, width });
    hashes = index;
  }
  return tiles;
}

/** Concatenates the hashes of a tile. @throws MalformedError `tile_malformed`, `hash_malformed` */
export function formatTile(hashes: readonly Hash[]): Uint8Array {
  if (hashes.length < 1 || hashes.length > TILE_WIDTH) {
    throw new MalformedError("tile_malformed", `A tile has 1 to ${TILE_WIDTH} hashes, not ${hashes.length}`);
  }
  const bytes = new Uint8Array(hashes.length * HASH_LENGTH_BYTES);
  for (const [i, hash] of hashes.entries()) bytes.set(checkHash("hash", hash), i * HASH_LENGTH_BYTES);
  return bytes;
}

/**
 * Splits the bytes of a tile into its hashes, which are not authenticated by that. They are views of `bytes`.
 *
 * @throws MalformedError `tile_malformed` unless there are exactly `width` hashes
 */
export function parseTile(bytes: Uint8Array, width: number): Hash[] {
  checkInteger("width", width, 1, TILE_WIDTH);
  if (bytes.length !== width * HASH_LENGTH_BYTES) {
    throw new MalformedError(
      "tile_malformed",
      `A tile of width ${width} has ${width * HASH_LENGTH_BYTES} bytes, not ${bytes.length}`,
    );
  }
  return Array.from({ length: width }, (_, i) =>
    bytes.subarray(i * HASH_LENGTH_BYTES, (i + 1) * HASH_LENGTH_BYTES),
  );
}

/**
 * The hash of a perfect subtree, from the hashes of the tile that `tileOfNode` names for it. At most 127
 * interior hashes.
 *
 * @throws MalformedError `tile_missing` if the tile is too narrow
 */
export function nodeFromTile(hashes: readonly Hash[], node: NodeId, hasher: Hasher = sha256Hasher): Hash {
  const size = 2 ** (node.level % TILE_HEIGHT);
  const offset = (node.index * size) % TILE_WIDTH;
  if (offset + size > hashes.length) {
    throw new MalformedError(
      "tile_missing",
      `A tile of width ${hashes.length} does not hold node ${node.index} of level ${node.level}`,
    );
  }
  return perfectRoot(hashes.slice(offset, offset + size), hasher);
}

/** The root over 2^k hashes of equal level. */
export function perfectRoot(hashes: readonly Hash[], hasher: Hasher): Hash {
  let row = hashes;
  while (row.length > 1) {
    row = Array.from({ length: row.length / 2 }, (_, i) => hasher.node(row[2 * i]!, row[2 * i + 1]!));
  }
  return row[0]!;
}

/** Reads the hashes of one tile, exactly `tile.width` of them. */
export type ReadTile = (tile: Tile) => Promise<readonly Hash[]>;

/**
 * Reads subtree hashes out of tiles, each tile once a call. The hashes are trusted as far as `readTile` is:
 * for a log's own tiles. To read tiles of somebody else, use `TileReader`.
 */
export function tileHashReader(
  treeSize: number,
  readTile: ReadTile,
  hasher: Hasher = sha256Hasher,
): ReadHashes {
  return async (nodes) => {
    const reads = new Map<string, Promise<readonly Hash[]>>();
    const hashes = nodes.map(async (node) => {
      const tile = tileOfNode(node, treeSize);
      const key = `${tile.level}/${tile.index}`;
      const read = reads.get(key) ?? readTile(tile);
      reads.set(key, read);
      return nodeFromTile(await read, node, hasher);
    });
    return await Promise.all(hashes);
  };
}
