import * as fc from "fast-check";
import { expect, test } from "vitest";
import { planBatchInclusion, proveBatchInclusion, verifyBatchInclusion } from "./batch-inclusion.ts";
import { InvariantError, MalformedError, VerificationError } from "./errors.ts";
import type { Hash } from "./hasher.ts";
import { assembleProof } from "./proof-plan.ts";
import { flipBit, hex } from "./testing/bytes.ts";
import { expectError, expectRejection } from "./testing/expect-error.ts";
import { nativeHasher } from "./testing/native-hasher.ts";
import {
  auditPath,
  auditPathRanges,
  merkleTreeHash,
  rangeHash,
  rangeHasher,
  rangeOf,
} from "./testing/recursive-tree.ts";
import { TestLog } from "./testing/test-log.ts";

// Hundreds of thousands of errors are thrown below, and a stack trace costs more than the proof.
Error.stackTraceLimit = 0;

const log = new TestLog(130, undefined, nativeHasher);
const hashes = Array.from({ length: log.treeSize }, (_, i) => log.hash(0, i));
const leaf = (leafIndex: number) => ({ leafIndex, leafHash: log.hash(0, leafIndex) });
const head = (treeSize: number) => ({ treeSize, root: log.roots[treeSize]! });
const wrong = (run: () => unknown) => expectError(VerificationError, "inclusion_not_proven", run);
const prove = (indexes: readonly number[], treeSize: number) =>
  proveBatchInclusion(indexes, treeSize, log.readHashes, nativeHasher);

/** The definition of docs/spec/evidence.md, word for word. */
function oracle(wanted: readonly boolean[], leaves: readonly Hash[]): Hash[] {
  if (!wanted.includes(true)) return [merkleTreeHash(leaves, nativeHasher)];
  if (leaves.length === 1) return [];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return [...oracle(wanted.slice(0, k), leaves.slice(0, k)), ...oracle(wanted.slice(k), leaves.slice(k))];
}

test("every set of leaves of every tree up to 9: the recursive proof, and no other", async () => {
  let bit = 0;
  for (let treeSize = 1; treeSize <= 9; treeSize++) {
    for (let set = 1; set < 2 ** treeSize; set++) {
      const all = Array.from({ length: treeSize }, (_, i) => i);
      const indexes = all.filter((i) => ((set >> i) & 1) === 1);
      const leaves = indexes.map(leaf);
      const proof = await prove(indexes, treeSize);
      const wanted = Array.from({ length: treeSize }, (_, i) => indexes.includes(i));
      expect(hex(proof)).toBe(hex(oracle(wanted, hashes.slice(0, treeSize))));
      const verify = (p: readonly Hash[], l = leaves, h = head(treeSize)) =>
        verifyBatchInclusion(p, l, h, nativeHasher);
      expect(verify(proof)).toBe(leaves);

      bit = (bit + 37) % 256;
      for (let i = 0; i < proof.length; i++) {
        wrong(() => verify(proof.with(i, flipBit(proof[i]!, bit))));
        wrong(() => verify(proof.toSpliced(i, 1)));
      }
      wrong(() => verify([...proof, log.hash(0, 0)]));
      wrong(() => verify([log.hash(0, 0), ...proof]));
      for (const [i, { leafIndex, leafHash }] of leaves.entries()) {
        wrong(() => verify(proof, leaves.with(i, { leafIndex, leafHash: flipBit(leafHash, bit) })));
        if (leaves.length > 1) wrong(() => verify(proof, leaves.toSpliced(i, 1)));
        const moved = leafIndex + 1;
        if (moved < treeSize && !indexes.includes(moved)) {
          wrong(() => verify(proof, leaves.with(i, { leafIndex: moved, leafHash })));
        }
      }
      wrong(() => verify(proof, leaves, { treeSize, root: flipBit(head(treeSize).root, bit) }));
    }
  }
});

test("one leaf: the hashes of its inclusion proof, in the order of the tree", async () => {
  for (const treeSize of [1, 2, 7, 64, 65, 130]) {
    for (let index = 0; index < treeSize; index++) {
      const path = auditPath(index, hashes.slice(0, treeSize), nativeHasher);
      const proof = await prove([index], treeSize);
      expect(proof.map((hash) => hex([hash])).toSorted()).toEqual(path.map((hash) => hex([hash])).toSorted());
    }
  }
});

test("a proof serves no other tree, unless that has the same shape above the leaves", async () => {
  for (let treeSize = 1; treeSize <= 40; treeSize++) {
    const indexes = [0, 5, 6, 17, 39].filter((i) => i < treeSize);
    const proof = await prove(indexes, treeSize);
    for (let other = indexes.at(-1)! + 1; other <= 60; other++) {
      if (other === treeSize) continue;
      wrong(() => verifyBatchInclusion(proof, indexes.map(leaf), head(other), nativeHasher));
    }
  }
});

const batch = fc
  .integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
  .chain((treeSize) =>
    fc.tuple(
      fc.constant(treeSize),
      fc.uniqueArray(fc.integer({ min: 0, max: treeSize - 1 }), { minLength: 1, maxLength: 40 }),
    ),
  )
  .map(([treeSize, indexes]) => ({ treeSize, indexes: indexes.toSorted((a, b) => a - b) }));

test("trees of any size: exactly the siblings of the single proofs, without those that can be computed", () => {
  fc.assert(
    fc.property(batch, ({ treeSize, indexes }) => {
      const plan = planBatchInclusion(indexes, treeSize);
      const stored = plan
        .flat()
        .map(({ level, index }) => rangeHash(index * 2 ** level, (index + 1) * 2 ** level));
      const proof = assembleProof(plan, stored, rangeHasher);
      const isFree = ({ begin, end }: { begin: number; end: number }) =>
        !indexes.some((index) => index >= begin && index < end);
      const siblings = indexes
        .flatMap((index) => auditPathRanges(index, { begin: 0, end: treeSize }))
        .filter(isFree);
      const expected = new Map(siblings.map((range) => [range.begin, range]));
      expect(proof.map(rangeOf)).toEqual([...expected.values()].toSorted((a, b) => a.begin - b.begin));
      const leaves = indexes.map((leafIndex) => ({
        leafIndex,
        leafHash: rangeHash(leafIndex, leafIndex + 1),
      }));
      verifyBatchInclusion(proof, leaves, { treeSize, root: rangeHash(0, treeSize) }, rangeHasher);
    }),
    { numRuns: 300 },
  );
});

test("random sets of a larger tree, each with one thing wrong", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 0, max: 129 }), { minLength: 1, maxLength: 60 }),
      fc.nat(),
      fc.nat({ max: 255 }),
      async (set, which, bit) => {
        const indexes = set.toSorted((a, b) => a - b);
        const leaves = indexes.map(leaf);
        const proof = await prove(indexes, 130);
        verifyBatchInclusion(proof, leaves, head(130), nativeHasher);
        if (proof.length > 0) {
          const at = which % proof.length;
          const changed = proof.with(at, flipBit(proof[at]!, bit));
          wrong(() => verifyBatchInclusion(changed, leaves, head(130), nativeHasher));
        }
        const at = which % leaves.length;
        const { leafIndex, leafHash } = leaves[at]!;
        const changed = leaves.with(at, { leafIndex, leafHash: flipBit(leafHash, bit) });
        wrong(() => verifyBatchInclusion(proof, changed, head(130), nativeHasher));
      },
    ),
    { numRuns: 200 },
  );
});

test("indexes, sizes and hashes that can't be are malformed", async () => {
  const proof = await prove([3, 7], 10);
  for (const indexes of [[], [3, 3], [7, 3]]) {
    expectError(MalformedError, "leaves_malformed", () => planBatchInclusion(indexes, 10));
    expectError(MalformedError, "leaves_malformed", () =>
      verifyBatchInclusion(proof, indexes.map(leaf), head(10)),
    );
  }
  for (const [indexes, treeSize] of [
    [[10], 10],
    [[-1], 10],
    [[0.5], 10],
    [[Number.NaN], 10],
    [[0], 0],
    [[0], 2 ** 53],
  ] as const) {
    expectError(MalformedError, "integer_out_of_range", () => planBatchInclusion(indexes, treeSize));
    const leaves = indexes.map((leafIndex) => ({ ...leaf(3), leafIndex }));
    expectError(MalformedError, "integer_out_of_range", () =>
      verifyBatchInclusion(proof, leaves, { ...head(10), treeSize }),
    );
  }
  const short = new Uint8Array(31);
  for (const run of [
    () => verifyBatchInclusion(proof.with(0, short), [leaf(3), leaf(7)], head(10)),
    () => verifyBatchInclusion(proof, [leaf(3), { leafIndex: 7, leafHash: short }], head(10)),
    () => verifyBatchInclusion(proof, [leaf(3), leaf(7)], { treeSize: 10, root: short }),
  ]) {
    expectError(MalformedError, "hash_malformed", run);
  }
});

test("all leaves need no reading; a reader that answers with another number of hashes is found out", async () => {
  const proof = proveBatchInclusion([0, 1, 2], 3, () => Promise.reject(new Error("not called")));
  expect(await proof).toEqual([]);
  const short = proveBatchInclusion([3], 10, () => Promise.resolve([log.hash(0, 0)]));
  await expectRejection(InvariantError, "reader_broken", short);
});
