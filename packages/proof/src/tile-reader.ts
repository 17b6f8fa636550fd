import { BoundedCache } from "./bounded-cache.ts";
import type { VerifiedCheckpoint } from "./checkpoint.ts";
import { CompactRange } from "./compact-range.ts";
import { proveConsistency, verifyConsistency } from "./consistency.ts";
import { parseEntryBundle } from "./entry-bundle.ts";
import { VerificationError } from "./errors.ts";
import { equalBytes, sha256Hasher, type Hash, type Hasher } from "./hasher.ts";
import { proveInclusion, type Leaf } from "./inclusion.ts";
import { checkInteger } from "./integer.ts";
import { ResourceFetcher, type FetchPath } from "./resource-fetcher.ts";
import { formatTilePath } from "./tile-path.ts";
import {
  parseTile,
  partialTiles,
  perfectRoot,
  TILE_HEIGHT,
  TILE_WIDTH,
  tileHashReader,
  tileWidth,
  type Tile,
} from "./tile.ts";
import type { NodeId, TreeHead } from "./tree.ts";

export interface TileReaderOptions {
  readonly hasher?: Hasher;
  /** How many fetches may be under way at once; 8 unless told. */
  readonly parallelMax?: number;
  /** How many verified tiles (8 KiB each) are kept; 256 unless told. Entries are not kept. */
  readonly cachedTilesMax?: number;
}

/** An entry whose bytes are proven to be in the log, at this index. */
export interface VerifiedEntry extends Leaf {
  readonly entry: Uint8Array;
}

/**
 * Reads a log through its tiles, and hands out nothing that the verified checkpoint does not vouch for: each
 * tile is authenticated against the root before any hash of it is used, each entry against its leaf hash. So
 * neither the server nor anything between needs to be trusted. After the design of golang.org/x/mod
 * sumdb/tlog `TileHashReader`.
 *
 * All methods may be called at the same time, and again after an error. They throw:
 * - UnavailableError `tile_unavailable`: try again;
 * - MalformedError `tile_malformed`, `bundle_malformed`: the server answered with something else;
 * - VerificationError `tile_not_authentic`, `entry_not_authentic`: the server's answer is not what the log signed;
 * - MalformedError `integer_out_of_range`: the index is outside the tree.
 */
export class TileReader {
  readonly checkpoint: VerifiedCheckpoint;
  readonly #hasher: Hasher;
  readonly #fetcher: ResourceFetcher;
  readonly #parallelMax: number;
  readonly #verified: BoundedCache<readonly Hash[]>;
  /** Tiles being fetched and authenticated, so that two readers of one tile share the work. */
  readonly #underWay = new Map<string, Promise<readonly Hash[]>>();
  #edge: Promise<ReadonlyMap<number, readonly Hash[]>> | undefined;

  constructor(checkpoint: VerifiedCheckpoint, fetch: FetchPath, options: TileReaderOptions = {}) {
    this.checkpoint = checkpoint;
    this.#hasher = options.hasher ?? sha256Hasher;
    this.#parallelMax = checkInteger("parallelMax", options.parallelMax ?? 8, 1);
    this.#fetcher = new ResourceFetcher(fetch, this.#parallelMax);
    this.#verified = new BoundedCache(checkInteger("cachedTilesMax", options.cachedTilesMax ?? 256));
  }

  /** The hashes of perfect subtrees, authenticated: a `ReadHashes`. */
  async readHashes(nodes: readonly NodeId[]): Promise<Hash[]> {
    const read = tileHashReader(this.checkpoint.treeSize, (tile) => this.#readTile(tile), this.#hasher);
    return [...(await read(nodes))];
  }

  /** One entry. Costs its bundle, and the tiles above it that are not cached. */
  async readEntry(leafIndex: number): Promise<VerifiedEntry> {
    checkInteger("leafIndex", leafIndex, 0, this.checkpoint.treeSize - 1);
    const bundle = await this.#readBundle(Math.floor(leafIndex / TILE_WIDTH));
    return bundle[leafIndex % TILE_WIDTH]!;
  }

  /**
   * The entries [begin, end) in order. Fetches up to `parallelMax` bundles ahead (each may have 16 MiB, but
   * 128 KiB is usual), and stops fetching when the consumer stops.
   */
  async *readEntries(begin: number, end: number): AsyncGenerator<VerifiedEntry, void, undefined> {
    checkInteger("end", end, 0, this.checkpoint.treeSize);
    checkInteger("begin", begin, 0, end);
    const bundles = Math.ceil(end / TILE_WIDTH);
    const ahead: Promise<VerifiedEntry[]>[] = [];
    for (let next = Math.floor(begin / TILE_WIDTH); begin < end;) {
      for (; ahead.length < this.#parallelMax && next < bundles; next++) {
        const bundle = this.#readBundle(next);
        // A failure is reported when its turn comes, if it comes at all.
        bundle.catch(() => undefined);
        ahead.push(bundle);
      }
      for (const entry of await ahead.shift()!) {
        if (entry.leafIndex < begin || begin === end) continue;
        yield entry;
        begin++;
      }
    }
  }

  /** The inclusion proof of a leaf in the tree of the checkpoint; true by construction. */
  async proveInclusion(leafIndex: number): Promise<Hash[]> {
    const read = (nodes: readonly NodeId[]) => this.readHashes(nodes);
    return await proveInclusion(leafIndex, this.checkpoint.treeSize, read, this.#hasher);
  }

  /**
   * The proof that the tree of the checkpoint extends the one of an older verified head.
   *
   * @throws VerificationError also `consistency_not_proven`: the log signed two trees of which neither extends
   *   the other. The evidence has both heads.
   * @throws MalformedError also `integer_out_of_range` if the other head is larger
   */
  async proveConsistency(older: TreeHead): Promise<Hash[]> {
    const read = (nodes: readonly NodeId[]) => this.readHashes(nodes);
    const proof = await proveConsistency(older.treeSize, this.checkpoint.treeSize, read, this.#hasher);
    verifyConsistency(proof, older, this.checkpoint, this.#hasher);
    return proof;
  }

  /** The leaf hashes are those of a level-0 tile, and are authenticated like one, without fetching it. */
  async #readBundle(index: number): Promise<VerifiedEntry[]> {
    const tile = { level: 0, index, width: tileWidth(0, index, this.checkpoint.treeSize) };
    const [fetched, expected] = await Promise.all([
      this.#fetcher.read({ ...tile, level: "entries" }),
      this.#readExpected(tile),
    ]);
    const entries = parseEntryBundle(fetched.bytes, fetched.width).slice(0, tile.width);
    const leafHashes = entries.map((entry) => this.#hasher.leaf(entry));
    const begin = index * TILE_WIDTH;
    if (!this.#isExpected(leafHashes, expected)) {
      throw new VerificationError(
        "entry_not_authentic",
        `The server's entries from ${begin} to ${begin + tile.width - 1} are not those that the log committed to`,
        { begin, entries, checkpoint: this.checkpoint },
      );
    }
    return entries.map((entry, i) => ({ leafIndex: begin + i, leafHash: leafHashes[i]!, entry }));
  }

  /** The authenticated hashes of a tile that is as wide as the tree of the checkpoint has it. */
  async #readTile(tile: Tile): Promise<readonly Hash[]> {
    if (tile.width < TILE_WIDTH) return (await this.#readEdge()).get(tile.level)!;
    const path = formatTilePath(tile);
    const verified = this.#verified.get(path);
    if (verified) return verified;
    let reading = this.#underWay.get(path);
    if (!reading) {
      reading = this.#readFullTile(tile, path).finally(() => this.#underWay.delete(path));
      this.#underWay.set(path, reading);
    }
    return await reading;
  }

  async #readFullTile(tile: Tile, path: string): Promise<readonly Hash[]> {
    const [hashes, expected] = await Promise.all([this.#fetchTile(tile), this.#readExpected(tile)]);
    if (!this.#isExpected(hashes, expected)) throw this.#notAuthentic([path]);
    this.#verified.set(path, hashes);
    return hashes;
  }

  /**
   * What the checkpoint says of a tile, authenticated: of a partial one all its hashes, of a full one the hash
   * of the whole, which is in the tile above it (and every tree that has a full tile has the one above).
   */
  async #readExpected(tile: Tile): Promise<readonly Hash[]> {
    if (tile.width < TILE_WIDTH) return await this.#readTile(tile);
    return await this.readHashes([{ level: (tile.level + 1) * TILE_HEIGHT, index: tile.index }]);
  }

  #isExpected(hashes: readonly Hash[], expected: readonly Hash[]): boolean {
    const found = hashes.length === TILE_WIDTH ? [perfectRoot(hashes, this.#hasher)] : hashes;
    return found.length === expected.length && found.every((hash, i) => equalBytes(hash, expected[i]!));
  }

  /**
   * The partial tiles, by level. Together they have the hash of every perfect subtree that the tree consists
   * of, so all of their hashes are authenticated at once by computing the root.
   */
  async #readEdge(): Promise<ReadonlyMap<number, readonly Hash[]>> {
    this.#edge ??= this.#fetchEdge().catch((error: unknown) => {
      this.#edge = undefined;
      throw error;
    });
    return await this.#edge;
  }

  async #fetchEdge(): Promise<ReadonlyMap<number, readonly Hash[]>> {
    const tiles = partialTiles(this.checkpoint.treeSize);
    const read = await Promise.all(tiles.map(async (tile) => await this.#fetchTile(tile)));
    const range = new CompactRange({ hasher: this.#hasher });
    for (const [i, { level }] of tiles.entries()) {
      for (const hash of read[i]!) range.appendSubtree(level * TILE_HEIGHT, hash);
    }
    if (!equalBytes(range.root(), this.checkpoint.root)) throw this.#notAuthentic(tiles.map(formatTilePath));
    return new Map(tiles.map(({ level }, i) => [level, read[i]!]));
  }

  async #fetchTile(tile: Tile): Promise<Hash[]> {
    const { bytes, width } = await this.#fetcher.read(tile);
    return parseTile(bytes, width).slice(0, tile.width);
  }

  #notAuthentic(paths: readonly string[]): VerificationError {
    return new VerificationError(
      "tile_not_authentic",
      `The server's ${paths.join(", ")} do not belong to the checkpoint of size ${this.checkpoint.treeSize}`,
      { paths, checkpoint: this.checkpoint },
    );
  }
}
