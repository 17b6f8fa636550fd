import { TILE_WIDTH } from "@stele/proof";
import { hashInPlace, rootOfPerfectTree } from "../log/native-hasher.ts";
import type { EntryPage } from "./entry-pages.ts";

/** A run of 256 entries, hashed; the hashes as latin1 strings of 32 characters. */
export interface HashedBlock {
  /** The leaf index of the first one. */
  readonly start: number;
  readonly leafHashes: readonly string[];
  readonly subtreeHash: string;
}

/** Hashes the entries of a segment, page after page. */
export class BlockHasher {
  #next: number;
  #leafHashes: string[] = [];

  /** @param start the leaf index of the first entry, a multiple of 256 */
  constructor(start: number) {
    this.#next = start;
  }

  /** A tree size: entries below it were taken. */
  get next(): number {
    return this.#next;
  }

  /** Takes the next page, and yields each run that ends in it. Its bytes are changed for a moment meanwhile: nobody else may be at them. */
  *take({ bytes, offsets, length }: EntryPage): Generator<HashedBlock> {
    for (let i = 0; i < length; i++) {
      this.#leafHashes.push(hashInPlace(bytes, offsets[i]!, offsets[i + 1]!));
      this.#next++;
      if (this.#leafHashes.length < TILE_WIDTH) continue;
      const leafHashes = this.#leafHashes;
      this.#leafHashes = [];
      yield { start: this.#next - TILE_WIDTH, leafHashes, subtreeHash: rootOfPerfectTree(leafHashes) };
    }
  }
}
