import * as fc from "fast-check";
import { expect, test } from "vitest";
import { planConsistency, proveConsistency, verifyConsistency } from "./consistency.ts";
import { MalformedError, VerificationError } from "./errors.ts";
import { emptyRoot, type Hash } from "./hasher.ts";
import { assembleProof } from "./proof-plan.ts";
import { expectError } from "./testing/expect-error.ts";
import { nativeHasher } from "./testing/native-hasher.ts";
import { consistencyProof, consistencyRanges, rangeHash, rangeHasher } from "./testing/recursive-tree.ts";
import { flipBit, hex } from "./testing/bytes.ts";
import { TestLog } from "./testing/test-log.ts";

// Tens of thousands of errors are thrown below, and a stack trace costs more than the proof.
Error.stackTraceLimit = 0;

const SIZES = 130;
const log = new TestLog(SIZES, undefined, nativeHasher);
const fork = new TestLog(SIZES, (index) => (index === 0 ? "another first entry" : `entry ${index}`));
const leafHashes = Array.from({ length: SIZES }, (_, i) => log.hash(0, i));
const head = (treeSize: number, of = log) => ({ treeSize, root: of.roots[treeSize]! });
const prove = (older: number, newer: number) => proveConsistency(older, newer, log.readHashes, nativeHasher);
const verify = (proof: readonly Hash[], older = head(0), newer = head(0)) =>
  verifyConsistency(proof, older, newer, nativeHasher);
const wrong = (run: () => unknown) => expectError(VerificationError, "consistency_not_proven", run);

test(`every pair of trees up to ${SIZES}: the recursive proof, and no other`, async () => {
  let bit = 0;
  for (let newer = 1; newer <= SIZES; newer++) {
    for (let older = 1; older <= newer; older++) {
      const proof = await prove(older, newer);
      expect(hex(proof)).toBe(hex(consistencyProof(older, leafHashes.slice(0, newer), nativeHasher)));
      const newerHead = head(newer);
      expect(verify(proof, head(older), newerHead)).toBe(newerHead);

      for (let i = 0; i < proof.length; i++) {
        bit = (bit + 37) % 256;
        wrong(() => verify(proof.with(i, flipBit(proof[i]!, bit)), head(older), newerHead));
      }
      wrong(() => verify([...proof, log.hash(0, 0)], head(older), newerHead));
      wrong(() => verify([log.hash(0, 0), ...proof], head(older), newerHead));
      if (proof.length > 0) {
        wrong(() => verify(proof.slice(1), head(older), newerHead));
        wrong(() => verify(proof.slice(0, -1), head(older), newerHead));
      }
      wrong(() => verify(proof, head(older, fork), newerHead));
      wrong(() => verify(proof, head(older), head(newer, fork)));
      if (older < newer) wrong(() => verify(proof, newerHead, head(older)));
    }
  }
});

test("a proof serves no other pair", async () => {
  const sizes = 20;
  for (let newer = 1; newer <= sizes; newer++) {
    for (let older = 1; older <= newer; older++) {
      const proof = await prove(older, newer);
      for (let other = 1; other <= sizes; other++) {
        if (other !== older) {
          const served = other === newer && proof.length === 0;
          if (!served) wrong(() => verify(proof, head(other), head(newer)));
        }
        if (other !== newer) {
          const served = other === older && proof.length === 0;
          if (!served) wrong(() => verify(proof, head(older), head(other)));
        }
      }
    }
  }
});

test("every tree extends the empty one, whose root is known", async () => {
  for (const size of [0, 1, 2, 77]) {
    expect(await prove(0, size)).toEqual([]);
    verify([], head(0), head(size));
    wrong(() => verify([log.hash(0, 0)], head(0), head(size)));
    wrong(() => verify([], { treeSize: 0, root: log.hash(0, 0) }, head(size)));
  }
  wrong(() => verify([], head(0), { treeSize: 0, root: log.hash(0, 0) }));
  wrong(() => verify([], head(1), { treeSize: 0, root: emptyRoot() }));
});

test("heads of one size are consistent if they are equal", () => {
  verify([], head(5), head(5));
  wrong(() => verify([], head(5), head(5, fork)));
});

test("a tree does not extend a larger one, even under the same root", () => {
  const { root } = head(5);
  wrong(() => verify([], { treeSize: 5, root }, { treeSize: 3, root }));
  wrong(() => verify([], { treeSize: 5, root }, { treeSize: 6, root }));
});

test("the evidence has both heads", async () => {
  const proof = await prove(3, 8);
  const error = wrong(() => verify(proof, head(3, fork), head(8)));
  expect(error.evidence).toEqual({ proof, older: head(3, fork), newer: head(8) });
});

test("numbers and hashes that can't be are malformed", () => {
  for (const size of [-1, 0.5, 2 ** 53, Number.NaN]) {
    const bad = { ...head(3), treeSize: size };
    expectError(MalformedError, "integer_out_of_range", () => verify([], bad, head(3)));
    expectError(MalformedError, "integer_out_of_range", () => verify([], head(3), bad));
    expectError(MalformedError, "integer_out_of_range", () => planConsistency(1, size));
    expectError(MalformedError, "integer_out_of_range", () => planConsistency(size, 3));
  }
  expectError(MalformedError, "integer_out_of_range", () => planConsistency(4, 3));
  const short = new Uint8Array(33);
  for (const run of [
    () => verify([short], head(3), head(8)),
    () => verify([], { treeSize: 3, root: short }, head(8)),
    () => verify([], head(3), { treeSize: 8, root: short }),
  ]) {
    expectError(MalformedError, "hash_malformed", run);
  }
});

test("trees of any size: the proof has the recursive shape, and the verifier walks it", () => {
  const sizes = fc
    .integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
    .chain((newer) => fc.tuple(fc.integer({ min: 1, max: newer }), fc.constant(newer)));
  const nearPowers = fc
    .tuple(fc.nat({ max: 52 }), fc.integer({ min: -1, max: 1 }), fc.nat({ max: 52 }))
    .map(([a, d, b]) => {
      const [x, y] = [Math.max(1, 2 ** a + d), 2 ** b];
      return [Math.min(x, y), Math.max(x, y)] as [number, number];
    });
  fc.assert(
    fc.property(fc.oneof(sizes, nearPowers), ([older, newer]) => {
      const plan = planConsistency(older, newer);
      const ranges = consistencyRanges(older, { begin: 0, end: newer });
      const stored = plan
        .flat()
        .map(({ level, index }) => rangeHash(index * 2 ** level, (index + 1) * 2 ** level));
      const proof = assembleProof(plan, stored, rangeHasher);
      expect(proof).toEqual(ranges.map(({ begin, end }) => rangeHash(begin, end)));
      const heads = [older, newer].map((treeSize) => ({ treeSize, root: rangeHash(0, treeSize) }));
      verifyConsistency(proof, heads[0]!, heads[1]!, rangeHasher);
    }),
    { numRuns: 500 },
  );
});
