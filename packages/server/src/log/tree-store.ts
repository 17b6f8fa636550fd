import {
  CompactRange,
  HASH_LENGTH_BYTES,
  MalformedError,
  TILE_HEIGHT,
  TILE_WIDTH,
  tileWidth,
  type Hash,
} from "@stele/proof";
import { HashColumn } from "./hash-column.ts";
import { nativeHasher } from "./native-hasher.ts";

/**
 * The hashes of one log's tree that are kept in memory: of the whole tree one per 256 entries (and per 65,536, …),
 * which are the tiles of level 1 and up; of the hot entries their leaf hashes. Level-0 tiles of sealed entries are
 * hashed from the entries by whoever asks for them.
 */
export class TreeStore {
  /** `#levels[k]` has the hashes of the tiles of level k; `#levels[0]` only those from {@link hotStart} on. */
  readonly #levels: HashColumn[] = [new HashColumn(0)];
  #range = new CompactRange({ hasher: nativeHasher, onNode: (...node) => this.#keep(...node) });

  get size(): number {
    return this.#range.end;
  }

  /** The leaf hashes of entries before this index are not kept. A multiple of 256. */
  get hotStart(): number {
    return this.#levels[0]!.start;
  }

  root(): Hash {
    return this.#range.root();
  }

  /** Appends a sealed run of 256 entries by its hash; only while there are no hot entries yet. */
  appendSealed(subtreeHash: Hash): void {
    this.#keep(TILE_HEIGHT, this.#range.end / TILE_WIDTH, subtreeHash);
    this.#range.appendSubtree(TILE_HEIGHT, subtreeHash);
    this.#levels[0]!.dropBefore(this.#range.end);
  }

  /** The tree with these leaves appended, which takes the place of this tree's state once it is committed. */
  extend(leafHashes: readonly Uint8Array[]): TreeExtension {
    return new TreeExtension(this.#range, leafHashes);
  }

  /** Takes over an extension that is durable now. */
  commit(extension: TreeExtension): void {
    for (const hashes of extension.leafHashes) this.#levels[0]!.append(hashes);
    for (const [level, index, hash] of extension.nodes) this.#keep(level, index, hash);
    this.#range = extension.range;
  }

  /** Forgets the leaf hashes of entries before `end`, which are sealed. */
  dropLeaves(end: number): void {
    this.#levels[0]!.dropBefore(end);
  }

  /** The hash of one hot entry. */
  leafHash(index: number): Hash {
    return this.#levels[0]!.slice(index, index + 1);
  }

  /** The hashes of a tile as the tree has it now, or undefined if they are leaf hashes that are not kept. */
  tile(level: number, index: number, width: number): Uint8Array | undefined {
    if (width > tileWidth(level, index, this.size)) {
      throw new MalformedError(
        "not_found",
        `The tree of size ${this.size} has no tile ${level}/${index} of width ${width}`,
      );
    }
    const begin = index * TILE_WIDTH;
    if (level === 0 && begin < this.hotStart) return undefined;
    return this.#levels[level]!.slice(begin, begin + width);
  }

  /** The hashes of the runs of 256 entries in `[start, end)`, both multiples of 256: what a segment carries. */
  subtreeHashes(start: number, end: number): Uint8Array {
    return this.#levels[1]!.slice(start / TILE_WIDTH, end / TILE_WIDTH);
  }

  #keep(level: number, index: number, hash: Hash): void {
    if (level % TILE_HEIGHT !== 0) return;
    const column = (this.#levels[level / TILE_HEIGHT] ??= new HashColumn(0));
    if (column.end === index) column.append(hash);
  }
}

/** A tree that is one commit ahead of its store. */
export class TreeExtension {
  readonly leafHashes: readonly Uint8Array[];
  readonly nodes: [level: number, index: number, hash: Hash][] = [];
  readonly range: CompactRange;

  constructor(base: CompactRange, leafHashes: readonly Uint8Array[]) {
    this.leafHashes = leafHashes;
    this.range = base.clone((level, index, hash) => {
      if (level % TILE_HEIGHT === 0) this.nodes.push([level, index, hash]);
    });
    for (const hashes of leafHashes) {
      for (let at = 0; at < hashes.length; at += HASH_LENGTH_BYTES) {
        this.range.append(hashes.subarray(at, at + HASH_LENGTH_BYTES));
      }
    }
  }
}
