import { leafHash, type Hash } from "@stele/proof";
import { expect, test } from "vitest";
import { proveInclusion } from "@stele/proof";
import { TestLog } from "../../../proof/src/testing/test-log.ts";
import { proofPath } from "./proof-path.ts";

const SIZE = 20;
const log = new TestLog(SIZE);

test("leads from each leaf of each tree to its root, with the leaves that each node is over", async () => {
  for (let size = 1; size <= SIZE; size++) {
    for (let leafIndex = 0; leafIndex < size; leafIndex++) {
      const proof = await proveInclusion(leafIndex, size, log.readHashes);
      const leaf = { leafIndex, leafHash: leafHash(log.entries[leafIndex]!) };
      const { steps, root } = proofPath(leaf, size, proof);
      expect(root).toMatchObject({ hash: log.roots[size], begin: 0, end: size });
      expect(steps).toHaveLength(proof.length);
      for (const { side, sibling, parent } of steps) {
        expect(parent.begin).toBeLessThanOrEqual(leafIndex);
        expect(parent.end).toBeGreaterThan(leafIndex);
        expect(side === "left" ? sibling.begin === parent.begin : sibling.end === parent.end).toBe(true);
      }
    }
  }
});

test("is as long as the tree is high, and not longer: trees of millions", () => {
  const leaf = { leafIndex: 1_234_567, leafHash: new Uint8Array(32) };
  expect(proofPath(leaf, 10_000_000, hashes(24)).steps).toHaveLength(24);
  for (const count of [0, 23, 25, 1_000]) {
    expect(() => proofPath(leaf, 10_000_000, hashes(count))).toThrow(
      expect.objectContaining({ code: "inclusion_not_proven" }),
    );
  }
  expect(() => proofPath(leaf, 5, hashes(3))).toThrow(
    expect.objectContaining({ code: "integer_out_of_range" }),
  );
});

function hashes(count: number): Hash[] {
  return Array.from({ length: count }, () => new Uint8Array(32));
}
