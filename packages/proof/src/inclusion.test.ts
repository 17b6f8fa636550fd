import * as fc from "fast-check";
import { expect, test } from "vitest";
import { InvariantError, MalformedError, VerificationError } from "./errors.ts";
import { sha256Hasher, type Hash } from "./hasher.ts";
import { planInclusion, proveInclusion, verifyInclusion } from "./inclusion.ts";
import { assembleProof } from "./proof-plan.ts";
import { expectError, expectRejection } from "./testing/expect-error.ts";
import { nativeHasher } from "./testing/native-hasher.ts";
import { auditPath, auditPathRanges, rangeHash, rangeHasher } from "./testing/recursive-tree.ts";
import { flipBit, hex } from "./testing/bytes.ts";
import { TestLog } from "./testing/test-log.ts";

// Tens of thousands of errors are thrown below, and a stack trace costs more than the proof.
Error.stackTraceLimit = 0;

const SIZES = 130;
const log = new TestLog(SIZES, undefined, nativeHasher);
const leafHashes = Array.from({ length: SIZES }, (_, i) => log.hash(0, i));
const leaf = (leafIndex: number) => ({ leafIndex, leafHash: log.hash(0, leafIndex) });
const head = (treeSize: number) => ({ treeSize, root: log.roots[treeSize]! });
const wrong = (run: () => unknown) => expectError(VerificationError, "inclusion_not_proven", run);
const prove = (leafIndex: number, treeSize: number) =>
  proveInclusion(leafIndex, treeSize, log.readHashes, nativeHasher);

test(`every leaf of every tree up to ${SIZES}: the recursive proof, and no other`, async () => {
  let bit = 0;
  for (let treeSize = 1; treeSize <= SIZES; treeSize++) {
    for (let leafIndex = 0; leafIndex < treeSize; leafIndex++) {
      const proof = await prove(leafIndex, treeSize);
      expect(hex(proof)).toBe(hex(auditPath(leafIndex, leafHashes.slice(0, treeSize), nativeHasher)));
      const verify = (p: readonly Hash[], l = leaf(leafIndex), h = head(treeSize)) =>
        verifyInclusion(p, l, h, nativeHasher);
      verify(proof);

      for (let i = 0; i < proof.length; i++) {
        bit = (bit + 37) % 256;
        wrong(() => verify(proof.with(i, flipBit(proof[i]!, bit))));
      }
      wrong(() => verify([...proof, log.hash(0, 0)]));
      wrong(() => verify([log.hash(0, 0), ...proof]));
      if (proof.length > 0) {
        wrong(() => verify(proof.slice(1)));
        wrong(() => verify(proof.slice(0, -1)));
      }
      const { leafHash } = leaf(leafIndex);
      wrong(() => verify(proof, { leafIndex, leafHash: flipBit(leafHash, bit) }));
      wrong(() => verify(proof, leaf(leafIndex), { treeSize, root: flipBit(head(treeSize).root, bit) }));
    }
  }
});

test("a proof serves no other index and no other tree", async () => {
  const sizes = 33;
  for (let treeSize = 1; treeSize <= sizes; treeSize++) {
    for (let leafIndex = 0; leafIndex < treeSize; leafIndex++) {
      const proof = await prove(leafIndex, treeSize);
      const { leafHash } = leaf(leafIndex);
      for (let other = 0; other <= sizes; other++) {
        if (other !== leafIndex && other < treeSize) {
          const moved = { leafIndex: other, leafHash };
          wrong(() => verifyInclusion(proof, moved, head(treeSize)));
          wrong(() => verifyInclusion(proof, leaf(other), head(treeSize)));
        }
        if (other !== treeSize && other > leafIndex) {
          wrong(() => verifyInclusion(proof, leaf(leafIndex), head(other)));
        }
      }
    }
  }
});

test("the evidence has what was claimed", async () => {
  const proof = await prove(3, 10);
  const error = wrong(() => verifyInclusion(proof, leaf(4), head(10)));
  expect(error.evidence).toEqual({ proof, leaf: leaf(4), head: head(10) });
});

test("numbers and hashes that can't be are malformed", async () => {
  const proof = await prove(3, 10);
  for (const [leafIndex, treeSize] of [
    [10, 10],
    [-1, 10],
    [0.5, 10],
    [0, 0],
    [0, -1],
    [0, 2 ** 53],
    [Number.NaN, 10],
  ] as const) {
    const claim = { ...leaf(3), leafIndex };
    expectError(MalformedError, "integer_out_of_range", () =>
      verifyInclusion(proof, claim, { ...head(10), treeSize }),
    );
    expectError(MalformedError, "integer_out_of_range", () => planInclusion(leafIndex, treeSize));
  }
  const short = new Uint8Array(31);
  for (const run of [
    () => verifyInclusion(proof.with(0, short), leaf(3), head(10)),
    () => verifyInclusion(proof, { leafIndex: 3, leafHash: short }, head(10)),
    () => verifyInclusion(proof, leaf(3), { treeSize: 10, root: short }),
  ]) {
    expectError(MalformedError, "hash_malformed", run);
  }
});

test("trees of any size: the proof has the recursive shape, and the verifier walks it", () => {
  const place = fc
    .integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
    .chain((treeSize) => fc.tuple(fc.constant(treeSize), fc.integer({ min: 0, max: treeSize - 1 })));
  fc.assert(
    fc.property(place, ([treeSize, leafIndex]) => {
      const plan = planInclusion(leafIndex, treeSize);
      const ranges = auditPathRanges(leafIndex, { begin: 0, end: treeSize });
      const stored = plan
        .flat()
        .map(({ level, index }) => rangeHash(index * 2 ** level, (index + 1) * 2 ** level));
      const proof = assembleProof(plan, stored, rangeHasher);
      expect(proof).toEqual(ranges.map(({ begin, end }) => rangeHash(begin, end)));
      const claim = { leafIndex, leafHash: rangeHash(leafIndex, leafIndex + 1) };
      verifyInclusion(proof, claim, { treeSize, root: rangeHash(0, treeSize) }, rangeHasher);
    }),
    { numRuns: 500 },
  );
});

test("a tree of one leaf needs no reading", async () => {
  expect(await proveInclusion(0, 1, () => Promise.reject(new Error("not called")))).toEqual([]);
});

test("a reader that answers with too few or too many hashes is found out", async () => {
  for (const count of [0, 3, 5]) {
    const read = () => Promise.resolve(Array.from({ length: count }, () => log.hash(0, 0)));
    await expectRejection(InvariantError, "reader_broken", proveInclusion(3, 10, read, sha256Hasher));
  }
});
