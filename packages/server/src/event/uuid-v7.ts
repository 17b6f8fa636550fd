/** Fills the whole array with cryptographically strong random bytes. */
export type FillRandom = (into: Uint8Array) => void;

const HEX = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const HYPHEN = 0x2d;
export const UUID_LENGTH = 36;

const TAIL_BYTES = 6;
const POOL_BYTES = TAIL_BYTES * 1024;

/**
 * Makes UUIDv7s (RFC 9562 section 5.7) that rise within one batch: after the 48-bit time comes a 26-bit counter that
 * starts at a random value below 2^25 (section 6.2, method 1), and 48 fresh random bits.
 */
export class UuidV7Maker {
  readonly #fillRandom: FillRandom;
  readonly #pool = new Uint8Array(POOL_BYTES);
  readonly #uuid = new Uint8Array(16);
  #poolAt = POOL_BYTES;
  #counter = 0;

  constructor(fillRandom: FillRandom) {
    this.#fillRandom = fillRandom;
  }

  /** Starts a batch. `timeMs` is a Unix time. */
  begin(timeMs: number): void {
    for (let i = 5, rest = timeMs; i >= 0; i--, rest = Math.floor(rest / 256)) this.#uuid[i] = rest % 256;
    const from = this.#draw();
    const pool = this.#pool;
    this.#counter =
      ((pool[from]! & 1) << 24) | (pool[from + 1]! << 16) | (pool[from + 2]! << 8) | pool[from + 3]!;
  }

  /** Writes the next UUID of the batch, 36 ASCII characters, to `into[at, at + 36)`. */
  write(into: Uint8Array, at: number): void {
    const uuid = this.#uuid;
    const counter = this.#counter++;
    uuid[6] = 0x70 | (counter >>> 22);
    uuid[7] = counter >>> 14;
    uuid[8] = 0x80 | ((counter >>> 8) & 0x3f);
    uuid[9] = counter;
    const from = this.#draw();
    for (let i = 0; i < TAIL_BYTES; i++) uuid[10 + i] = this.#pool[from + i]!;
    let o = at;
    for (let i = 0; i < 16; i++) {
      if (i === 4 || i === 6 || i === 8 || i === 10) into[o++] = HYPHEN;
      into[o++] = HEX[uuid[i]! >>> 4]!;
      into[o++] = HEX[uuid[i]! & 15]!;
    }
  }

  /** The offset of 6 random bytes in the pool that were not used before. */
  #draw(): number {
    if (this.#poolAt === POOL_BYTES) {
      this.#fillRandom(this.#pool);
      this.#poolAt = 0;
    }
    const from = this.#poolAt;
    this.#poolAt += TAIL_BYTES;
    return from;
  }
}
