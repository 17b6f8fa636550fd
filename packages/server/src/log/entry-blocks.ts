import { equalBytes, rootOfLeaves, TILE_WIDTH, VerificationError } from "@stele/proof";
import { nativeHasher } from "./native-hasher.ts";
import type { TreeStore } from "./tree-store.ts";

const HASH_LENGTH_BYTES = 32;
/** As many entries as are compressed together in a segment: reading one of them costs as much as reading all. */
const WINDOW_BLOCKS = 8_192 / TILE_WIDTH;

/** 256 sealed entries that hash to what the tree has for them. */
export interface EntryBlock {
  readonly entries: readonly Uint8Array[];
  /** 256 times 32 bytes: the level-0 tile. */
  readonly leafHashes: Uint8Array;
}

/** Reads the exact bytes of sealed entries `[from, to)`, unverified. */
export type ReadSealed = (from: number, to: number) => Promise<Uint8Array[]>;

/**
 * Sealed entries, 256 at a time, each block compared with the tree before anybody sees it. Keeps the blocks that
 * were asked for last.
 */
export class EntryBlocks {
  readonly #tree: TreeStore;
  readonly #read: ReadSealed;
  readonly #blocksMax: number;
  readonly #blocks = new Map<number, Promise<EntryBlock>>();

  constructor(tree: TreeStore, read: ReadSealed, blocksMax = 64) {
    this.#tree = tree;
    this.#read = read;
    this.#blocksMax = blocksMax;
  }

  /** The block of entries `[256·n, 256·(n+1))`. @throws VerificationError `segment_corrupt` */
  get(n: number): Promise<EntryBlock> {
    const known = this.#blocks.get(n);
    const block = known ?? this.#load(n);
    this.#blocks.delete(n);
    this.#blocks.set(n, block);
    if (known) return block;
    block.catch(() => this.#blocks.delete(n));
    if (this.#blocks.size > this.#blocksMax) this.#blocks.delete(this.#blocks.keys().next().value!);
    return block;
  }

  /** The sealed entries `[from, to)`; none if `from` is not below `to`. @throws VerificationError `segment_corrupt` */
  async entries(from: number, to: number): Promise<Uint8Array[]> {
    const entries: Uint8Array[] = [];
    for (let n = Math.floor(from / TILE_WIDTH); n * TILE_WIDTH < to; n++) {
      const block = await this.get(n);
      const start = n * TILE_WIDTH;
      entries.push(...block.entries.slice(Math.max(0, from - start), to - start));
    }
    return entries;
  }

  /**
   * The level-0 tiles of these blocks, one after the other. What lies close together is read in one go, and nothing is
   * kept: for many blocks, far apart.
   *
   * @param wanted which blocks, ascending
   * @throws VerificationError `segment_corrupt`
   */
  async *leafHashes(wanted: readonly number[]): AsyncGenerator<[n: number, leafHashes: Uint8Array]> {
    for (let at = 0; at < wanted.length;) {
      const first = wanted[at]!;
      const window = Math.floor(first / WINDOW_BLOCKS);
      const near = wanted
        .slice(at, at + WINDOW_BLOCKS)
        .filter((n) => Math.floor(n / WINDOW_BLOCKS) === window);
      const read = await this.#read(first * TILE_WIDTH, (near.at(-1)! + 1) * TILE_WIDTH);
      for (const n of near) {
        const offset = (n - first) * TILE_WIDTH;
        yield [n, this.#checked(n, read.slice(offset, offset + TILE_WIDTH)).leafHashes];
      }
      at += near.length;
    }
  }

  async #load(n: number): Promise<EntryBlock> {
    const start = n * TILE_WIDTH;
    return this.#checked(n, await this.#read(start, start + TILE_WIDTH));
  }

  #checked(n: number, entries: readonly Uint8Array[]): EntryBlock {
    const start = n * TILE_WIDTH;
    const hashes = entries.map((entry) => nativeHasher.leaf(entry));
    const expected = this.#tree.subtreeHashes(start, start + TILE_WIDTH);
    if (entries.length !== TILE_WIDTH || !equalBytes(rootOfLeaves(hashes, nativeHasher), expected)) {
      throw new VerificationError(
        "segment_corrupt",
        `The sealed entries [${start}, ${start + TILE_WIDTH}) are not those that were signed. Run \`stele verify\``,
        { start, expected },
      );
    }
    const leafHashes = new Uint8Array(TILE_WIDTH * HASH_LENGTH_BYTES);
    for (const [i, hash] of hashes.entries()) leafHashes.set(hash, i * HASH_LENGTH_BYTES);
    return { entries, leafHashes };
  }
}
