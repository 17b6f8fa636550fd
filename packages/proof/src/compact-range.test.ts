import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CompactRange, formatCompactRange, parseCompactRange, rootOfLeaves } from "./compact-range.ts";
import { InvariantError, MalformedError } from "./errors.ts";
import { sha256Hasher, type Hash } from "./hasher.ts";
import { expectError } from "./testing/expect-error.ts";
import { nativeHasher } from "./testing/native-hasher.ts";
import { merkleTreeHash, rangeHash, rangeHasher, rangeOf } from "./testing/recursive-tree.ts";
import { rangeNodes } from "./tree.ts";
import { encodeUtf8 } from "./utf8.ts";

const LEAVES = Array.from({ length: 300 }, (_, i) => nativeHasher.leaf(encodeUtf8(`leaf ${i}`)));
const MAX = Number.MAX_SAFE_INTEGER;

function rangeOver(begin: number, end: number): CompactRange {
  const range = new CompactRange({ begin, hasher: nativeHasher });
  for (const hash of LEAVES.slice(begin, end)) range.append(hash);
  return range;
}

/** A range of any size, in which each hash says which leaves it is over. */
function symbolicRange(begin: number, end: number): CompactRange {
  const hashes = rangeNodes(begin, end).map(({ level, index }) =>
    rangeHash(index * 2 ** level, (index + 1) * 2 ** level),
  );
  return CompactRange.from(end, hashes, { begin, hasher: rangeHasher });
}

test("the root of every size is the recursive one", () => {
  const range = new CompactRange();
  for (let size = 0; size < LEAVES.length; size++) {
    expect(range.end).toBe(size);
    expect(range.root()).toEqual(merkleTreeHash(LEAVES.slice(0, size), sha256Hasher));
    range.append(LEAVES[size]!);
  }
  expect(rootOfLeaves(LEAVES, nativeHasher)).toEqual(range.root());
  expect(rootOfLeaves([])).toEqual(merkleTreeHash([], sha256Hasher));
});

test("onNode sees each completed interior node once, children first, with its hash", () => {
  const seen = new Map<string, Hash>();
  const onNode = (level: number, index: number, hash: Hash) => {
    expect(seen.has(`${level}/${index}`)).toBe(false);
    if (level > 1) expect(seen.has(`${level - 1}/${index * 2 + 1}`)).toBe(true);
    const leaves = LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level);
    expect(leaves).toHaveLength(2 ** level);
    expect(hash).toEqual(merkleTreeHash(leaves, nativeHasher));
    seen.set(`${level}/${index}`, hash);
  };
  const range = new CompactRange({ hasher: nativeHasher, onNode });
  for (const leaf of LEAVES) range.append(leaf);
  let expected = 0;
  for (let size = LEAVES.length; size > 0;) expected += size = Math.floor(size / 2);
  expect(seen.size).toBe(expected);
  expect(seen.get("8/0")).toEqual(merkleTreeHash(LEAVES.slice(0, 256), nativeHasher));
});

test("ranges that meet can be joined, wherever they meet", () => {
  const size = 70;
  for (let begin = 0; begin <= size; begin++) {
    for (let middle = begin; middle <= size; middle += 3) {
      const joined = rangeOver(begin, middle);
      joined.appendRange(rangeOver(middle, size));
      expect(joined.hashes).toEqual(rangeOver(begin, size).hashes);
      expect(joined.end).toBe(size);
    }
  }
});

test("ranges of any size can be joined", () => {
  fc.assert(
    fc.property(fc.tuple(fc.maxSafeNat(), fc.maxSafeNat(), fc.maxSafeNat()), (bounds) => {
      const [begin = 0, middle = 0, end = 0] = bounds.toSorted((a, b) => a - b);
      const joined = symbolicRange(begin, middle);
      joined.appendRange(symbolicRange(middle, end));
      expect(joined.hashes).toEqual(symbolicRange(begin, end).hashes);
    }),
  );
});

test("the root of any size joins the right subtrees", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: MAX }), (size) => {
      expect(rangeOf(symbolicRange(0, size).root())).toEqual({ begin: 0, end: size });
    }),
  );
});

test("whole subtrees can be appended where they are aligned", () => {
  const range = rangeOver(0, 4);
  range.appendSubtree(2, merkleTreeHash(LEAVES.slice(4, 8), nativeHasher));
  range.appendSubtree(1, merkleTreeHash(LEAVES.slice(8, 10), nativeHasher));
  range.append(LEAVES[10]!);
  expect(range.hashes).toEqual(rangeOver(0, 11).hashes);
  for (const level of [1, 2, 20]) {
    expectError(InvariantError, "range_misaligned", () => range.appendSubtree(level, LEAVES[0]!));
  }
  expect(range.hashes).toEqual(rangeOver(0, 11).hashes);
  for (const level of [-1, 0.5, 53]) {
    expectError(MalformedError, "integer_out_of_range", () => range.appendSubtree(level, LEAVES[0]!));
  }
  expectError(MalformedError, "hash_malformed", () => range.append(new Uint8Array(20)));
  expect(range.end).toBe(11);
});

test("a range ends at 2^53-1", () => {
  const range = symbolicRange(0, MAX - 1);
  range.append(rangeHash(MAX - 1, MAX));
  expect(range.hashes).toHaveLength(53);
  expectError(MalformedError, "integer_out_of_range", () => range.append(rangeHash(MAX, MAX + 1)));
  expect(range.end).toBe(MAX);
  expectError(MalformedError, "integer_out_of_range", () =>
    symbolicRange(0, 2 ** 52).appendSubtree(52, rangeHash(2 ** 52, 2 ** 53)),
  );
});

test("only a range from leaf 0 has a root, and only ranges that meet are joined", () => {
  expectError(InvariantError, "range_without_root", () => rangeOver(2, 4).root());
  expectError(InvariantError, "range_misaligned", () => rangeOver(0, 4).appendRange(rangeOver(5, 6)));
  expectError(InvariantError, "range_misaligned", () => rangeOver(0, 4).appendRange(rangeOver(3, 6)));
});

test("a clone goes its own way", () => {
  const range = rangeOver(0, 9);
  const seen: number[] = [];
  const clone = range.clone((level) => seen.push(level));
  clone.append(LEAVES[9]!);
  expect(seen).toEqual([1]);
  expect(range.hashes).toEqual(rangeOver(0, 9).hashes);
  expect(clone.hashes).toEqual(rangeOver(0, 10).hashes);
  range.append(LEAVES[20]!);
  expect(clone.root()).toEqual(merkleTreeHash(LEAVES.slice(0, 10), nativeHasher));
});

test("the list of hashes is a copy", () => {
  const range = rangeOver(0, 3);
  range.hashes.pop();
  expect(range.hashes).toHaveLength(2);
});

test("serialises and comes back", () => {
  for (const [begin, end] of [
    [0, 0],
    [0, 1],
    [0, 255],
    [3, 3],
    [3, 200],
  ] as const) {
    const range = rangeOver(begin, end);
    const bytes = Buffer.concat([formatCompactRange(range)]);
    const back = parseCompactRange(bytes, { hasher: nativeHasher });
    expect([back.begin, back.end, back.hashes.map(String)]).toEqual([begin, end, range.hashes.map(String)]);
    bytes.fill(0);
    expect(back.hashes.map(String)).toEqual(range.hashes.map(String));
  }
});

test("rejects serialised ranges that can't be", () => {
  const bytes = formatCompactRange(rangeOver(3, 200));
  for (const wrong of [
    bytes.slice(0, 15),
    bytes.slice(0, -1),
    bytes.slice(0, -32),
    new Uint8Array([...bytes, 0]),
  ]) {
    expectError(MalformedError, "range_malformed", () => parseCompactRange(wrong));
  }
  const swapped = new Uint8Array(16);
  swapped[7] = 1;
  expectError(MalformedError, "integer_out_of_range", () => parseCompactRange(swapped));
  expectError(MalformedError, "integer_out_of_range", () => parseCompactRange(new Uint8Array(16).fill(255)));
  expectError(MalformedError, "range_malformed", () => CompactRange.from(3, [LEAVES[0]!]));
  expectError(MalformedError, "hash_malformed", () => CompactRange.from(1, [new Uint8Array(3)]));
});
