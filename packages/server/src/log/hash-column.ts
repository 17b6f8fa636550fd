import { HASH_LENGTH_BYTES, InvariantError, type Hash } from "@stele/proof";

const CHUNK_HASHES = 8192;

/** A growing row of hashes from `start` on: 32 bytes each, in chunks, so that growing copies nothing. */
export class HashColumn {
  readonly #chunks = new Map<number, Uint8Array>();
  #start: number;
  #end: number;

  constructor(start: number) {
    this.#start = start;
    this.#end = start;
  }

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  /** Appends one or more hashes. They are copied. */
  append(hashes: Uint8Array): void {
    for (let at = 0; at < hashes.length;) {
      const offset = (this.#end % CHUNK_HASHES) * HASH_LENGTH_BYTES;
      const chunk = this.#chunkFor(Math.floor(this.#end / CHUNK_HASHES));
      const lengthBytes = Math.min(hashes.length - at, chunk.length - offset);
      chunk.set(hashes.subarray(at, at + lengthBytes), offset);
      this.#end += lengthBytes / HASH_LENGTH_BYTES;
      at += lengthBytes;
    }
  }

  /** A copy of the hashes `[begin, end)`. */
  slice(begin: number, end: number): Hash {
    if (begin < this.#start || end > this.#end) {
      throw new InvariantError(
        "hashes_not_kept",
        `[${begin}, ${end}) is not in [${this.#start}, ${this.#end})`,
      );
    }
    const hashes = new Uint8Array((end - begin) * HASH_LENGTH_BYTES);
    for (let index = begin; index < end;) {
      const chunk = this.#chunks.get(Math.floor(index / CHUNK_HASHES))!;
      const offset = (index % CHUNK_HASHES) * HASH_LENGTH_BYTES;
      const lengthBytes = Math.min((end - index) * HASH_LENGTH_BYTES, chunk.length - offset);
      hashes.set(chunk.subarray(offset, offset + lengthBytes), (index - begin) * HASH_LENGTH_BYTES);
      index += lengthBytes / HASH_LENGTH_BYTES;
    }
    return hashes;
  }

  /** Forgets the hashes before `start`; past the end, the column goes on there, empty. */
  dropBefore(start: number): void {
    this.#start = start;
    this.#end = Math.max(this.#end, start);
    for (const key of this.#chunks.keys()) {
      if ((key + 1) * CHUNK_HASHES <= start) this.#chunks.delete(key);
    }
  }

  #chunkFor(key: number): Uint8Array {
    let chunk = this.#chunks.get(key);
    if (!chunk) {
      chunk = new Uint8Array(CHUNK_HASHES * HASH_LENGTH_BYTES);
      this.#chunks.set(key, chunk);
    }
    return chunk;
  }
}
