/** Numbers of [0, 1) from a seed (mulberry32): the same seed, the same inputs. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;

const below = (random: Random, end: number): number => Math.floor(random() * end);
const choose = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)]!;

/** What parsers have been caught with elsewhere: borders of numbers, separators, encodings, names of prototypes. */
const TOKENS = [
  ..."0 00 01 -1 +1 1e9 1e999 255 256 257 65535 65536 4294967296 9007199254740991 9007199254740992".split(
    " ",
  ),
  "18446744073709551615",
  "999999999999999999999999999999999999999999",
  ..."\n \n\n \r\n \t = == + / . .. , : ; \" ' \\ \\u0000 \\ud800 [ ] { } null true NaN".split(" "),
  " ",
  "\u0000",
  "\u2014 ",
  "\u00a0",
  "\u2028",
  "\ufeff",
  "__proto__",
  "constructor",
  "A".repeat(100),
].map((text) => Buffer.from(text));
const BYTES = [
  ...TOKENS,
  Buffer.of(0xff),
  Buffer.of(0xc0, 0x80),
  Buffer.of(0xed, 0xa0, 0x80),
  Buffer.alloc(32),
];

const splice = (bytes: Buffer, at: number, end: number, between: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), between, bytes.subarray(end)]);

type Mutation = (bytes: Buffer, random: Random, corpus: readonly Uint8Array[]) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  // Flip a bit.
  (bytes, random) => {
    const changed = Buffer.from(bytes);
    const at = below(random, bytes.length);
    if (at < changed.length) changed[at]! ^= 1 << below(random, 8);
    return changed;
  },
  // Another byte.
  (bytes, random) => {
    const at = below(random, bytes.length);
    return splice(bytes, at, at + 1, Buffer.of(below(random, 256)));
  },
  // Insert what is known to hurt.
  (bytes, random) => {
    const at = below(random, bytes.length + 1);
    return splice(bytes, at, at, choose(random, BYTES));
  },
  // Take out a piece, or the end.
  (bytes, random) => {
    const at = below(random, bytes.length);
    const end = random() < 0.3 ? bytes.length : at + 1 + below(random, Math.min(64, bytes.length - at));
    return splice(bytes, at, end, Buffer.alloc(0));
  },
  // A piece once more, or often.
  (bytes, random) => {
    const at = below(random, bytes.length);
    const piece = bytes.subarray(at, at + 1 + below(random, 80));
    const times = random() < 0.1 ? 200 : 1;
    return splice(bytes, at, at, Buffer.concat(Array.from({ length: times }, () => piece)));
  },
  // A part of another valid one.
  (bytes, random, corpus) => {
    const other = Buffer.from(choose(random, corpus));
    const from = below(random, other.length);
    const at = below(random, bytes.length);
    const length = below(random, other.length - from);
    return splice(bytes, at, random() < 0.5 ? at : at + length, other.subarray(from, from + length));
  },
  // Another number where there is one.
  (bytes, random) => {
    const numbers = [...bytes.toString("latin1").matchAll(/\d+/g)];
    if (numbers.length === 0) return bytes;
    const { index, 0: digits } = choose(random, numbers);
    const near = String(Number(digits) + choose(random, [-1, 1, 256]));
    const number = random() < 0.5 ? Buffer.from(near) : choose(random, TOKENS.slice(0, 17));
    return splice(bytes, index, index + digits.length, number);
  },
  // A line out, twice, or in another place.
  (bytes, random) => {
    const lines = bytes.toString("latin1").split("\n");
    const [from, to] = [below(random, lines.length), below(random, lines.length)];
    const line = lines[from]!;
    if (random() < 0.5) lines.splice(from, 1);
    if (random() < 0.7) lines.splice(to, 0, line);
    return Buffer.from(lines.join("\n"), "latin1");
  },
  // A byte that says how long something is, in the extreme.
  (bytes, random) => {
    const at = below(random, bytes.length);
    const size = choose(random, [1, 2, 4, 8]);
    return splice(bytes, at, at + size, Buffer.alloc(size, choose(random, [0x00, 0x7f, 0x80, 0xff])));
  },
  // A very long line, or deep nesting.
  (bytes, random) => {
    const at = below(random, bytes.length + 1);
    return splice(
      bytes,
      at,
      at,
      Buffer.alloc(4096, choose(random, ["a", "[", '{"a":', "(", "*", " ", "-", "9", '"', "\\"])),
    );
  },
];

/** Longer ones only take longer. */
const LENGTH_BYTES_MAX = 1 << 18;

/** A valid input with one change, or a few. */
export function mutate(random: Random, corpus: readonly Uint8Array[]): Buffer {
  let bytes: Buffer = Buffer.from(choose(random, corpus));
  for (let left = 1 + below(random, 4); left > 0; left--) {
    bytes = choose(random, MUTATIONS)(bytes, random, corpus).subarray(0, LENGTH_BYTES_MAX);
  }
  return bytes;
}

/** An input of this length that consists of one piece of a valid one again and again, after what stands before it. */
export function grow(random: Random, corpus: readonly Uint8Array[], lengthBytes: number): Buffer {
  const seed = Buffer.from(choose(random, corpus));
  const at = below(random, seed.length);
  const end = Math.min(seed.length, at + 1 + below(random, choose(random, [1, 4, 80])));
  const piece = seed.subarray(at, end);
  const room = Math.max(0, lengthBytes - seed.length);
  const middle = Buffer.alloc(room, piece.length > 0 ? piece : "a");
  return Buffer.concat([seed.subarray(0, end), middle, seed.subarray(end)]);
}
