import * as fc from "fast-check";
import { expect, test } from "vitest";
import { MalformedError } from "./errors.ts";
import { expectError } from "./testing/expect-error.ts";
import { rangeNodes, splitPoint } from "./tree.ts";

const MAX = Number.MAX_SAFE_INTEGER;

test("splitPoint is the largest power of two below", () => {
  expect([2, 3, 4, 5, 8, 9].map(splitPoint)).toEqual([1, 2, 2, 4, 4, 8]);
  expect(splitPoint(2 ** 52)).toBe(2 ** 51);
  expect(splitPoint(2 ** 52 + 1)).toBe(2 ** 52);
  expect(splitPoint(MAX)).toBe(2 ** 52);
});

test("rangeNodes of small ranges", () => {
  expect(rangeNodes(0, 0)).toEqual([]);
  expect(rangeNodes(5, 5)).toEqual([]);
  expect(rangeNodes(0, 7)).toEqual([
    { level: 2, index: 0 },
    { level: 1, index: 2 },
    { level: 0, index: 6 },
  ]);
  expect(rangeNodes(3, 9)).toEqual([
    { level: 0, index: 3 },
    { level: 2, index: 1 },
    { level: 0, index: 8 },
  ]);
  expect(rangeNodes(0, MAX)).toHaveLength(53);
  expect(rangeNodes(1, MAX)).toHaveLength(104);
});

test("rangeNodes covers any range without gaps, and no two neighbours could be one", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
      const [begin, end] = [Math.min(a, b), Math.max(a, b)];
      const nodes = rangeNodes(begin, end);
      let at = BigInt(begin);
      for (const [i, { level, index }] of nodes.entries()) {
        expect(BigInt(index) << BigInt(level)).toBe(at);
        at += 1n << BigInt(level);
        const next = nodes[i + 1];
        expect(next?.level === level && index % 2 === 0).toBe(false);
      }
      expect(at).toBe(BigInt(end));
    }),
  );
});

test("rangeNodes checks its bounds", () => {
  for (const [begin, end] of [
    [1, 0],
    [-1, 0],
    [0, MAX + 1],
    [0.5, 1],
  ] as const) {
    expectError(MalformedError, "integer_out_of_range", () => rangeNodes(begin, end));
  }
});
