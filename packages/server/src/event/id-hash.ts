/** The key of {@link hashId}: 64 random bits, chosen once per process and kept from producers. */
export interface IdHashSeed {
  readonly k0: number;
  readonly k1: number;
}

/**
 * Writes the 64-bit hash of `bytes[start, start + length)` to `into[at]` and `into[at + 1]`. It is HalfSipHash-1-3:
 * whoever does not know the seed can't make ids whose hashes collide, and so can't slow down a table of ids. It
 * is a filter, not an identity. Source: Aumasson and Bernstein's `halfsiphash.c`, with 8 bytes of output.
 */
export function hashId(
  bytes: Uint8Array,
  start: number,
  length: number,
  seed: IdHashSeed,
  into: Uint32Array,
  at: number,
): void {
  let v0 = seed.k0 | 0;
  let v1 = seed.k1 ^ 0xee;
  let v2 = 0x6c796765 ^ seed.k0;
  let v3 = 0x74656462 ^ seed.k1;
  const words = length >>> 2;
  // One round for each word, one for the bytes that are left, and three before each half of the output.
  for (let round = 0, i = start; round < words + 7; round++, i += 4) {
    let word = 0;
    if (round < words) {
      word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    } else if (round === words) {
      word = length << 24;
      for (let j = 0; j < (length & 3); j++) word |= bytes[i + j]! << (8 * j);
    }
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
    if (round === words) {
      v2 ^= 0xee;
    } else if (round === words + 3) {
      into[at] = v1 ^ v3;
      v1 ^= 0xdd;
    }
  }
  into[at + 1] = v1 ^ v3;
}
