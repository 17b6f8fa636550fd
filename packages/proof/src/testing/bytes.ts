/** A copy with one bit changed; bits are counted from the first byte on. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const at = Math.floor(bit / 8);
  return bytes.with(at, bytes[at]! ^ (1 << (bit % 8)));
}

/** Hashes as text, which a test runner compares faster than lists of arrays. */
export function hex(hashes: readonly Uint8Array[]): string {
  return hashes
    .map((hash) => Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(""))
    .join(" ");
}
