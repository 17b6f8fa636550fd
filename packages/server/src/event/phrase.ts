/** A piece of ASCII that is compared and written four bytes at a time. */
export interface Phrase {
  readonly lengthBytes: number;
  /** Little-endian, zeroes behind the end. */
  readonly words: Int32Array;
  /** The bits of the last word that belong to the phrase. */
  readonly lastMask: number;
}

export function phrase(ascii: string): Phrase {
  const words = new Int32Array(Math.ceil(ascii.length / 4));
  for (let i = 0; i < ascii.length; i++) words[i >> 2]! |= ascii.charCodeAt(i) << (8 * (i & 3));
  const rest = ascii.length & 3;
  return { lengthBytes: ascii.length, words, lastMask: rest === 0 ? -1 : (1 << (8 * rest)) - 1 };
}
