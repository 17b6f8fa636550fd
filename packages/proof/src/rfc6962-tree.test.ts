import { expect, test } from "vitest";
import vectors from "../vectors/rfc6962-tree.json" with { type: "json" };
import { CompactRange, rootOfLeaves } from "./compact-range.ts";
import { proveConsistency, verifyConsistency } from "./consistency.ts";
import { leafHash, type Hash } from "./hasher.ts";
import { proveInclusion, verifyInclusion } from "./inclusion.ts";
import type { ReadHashes } from "./proof-plan.ts";
import { hex } from "./testing/bytes.ts";

const unhex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
const leafHashes = vectors.entries.map((entry) => leafHash(unhex(entry)));
const head = (treeSize: number) => ({ treeSize, root: unhex(vectors.roots[treeSize]!) });

const stored = new Map<string, Hash>();
const range = new CompactRange({ onNode: (level, index, hash) => stored.set(`${level}/${index}`, hash) });
for (const [index, hash] of leafHashes.entries()) {
  stored.set(`0/${index}`, hash);
  range.append(hash);
}
const read: ReadHashes = async (nodes) => nodes.map(({ level, index }) => stored.get(`${level}/${index}`)!);

test("the roots of the Certificate Transparency reference tree", () => {
  for (const [treeSize, root] of vectors.roots.entries()) {
    expect(hex([rootOfLeaves(leafHashes.slice(0, treeSize))])).toBe(root);
  }
});

test("its inclusion proofs", async () => {
  expect(vectors.inclusion).toHaveLength(36);
  for (const { leafIndex, treeSize, proof } of vectors.inclusion) {
    expect((await proveInclusion(leafIndex, treeSize, read)).map((hash) => hex([hash]))).toEqual(proof);
    const leaf = { leafIndex, leafHash: leafHashes[leafIndex]! };
    expect(verifyInclusion(proof.map(unhex), leaf, head(treeSize))).toBe(leaf);
  }
});

test("its consistency proofs", async () => {
  expect(vectors.consistency).toHaveLength(36);
  for (const { olderTreeSize, newerTreeSize, proof } of vectors.consistency) {
    const made = await proveConsistency(olderTreeSize, newerTreeSize, read);
    expect(made.map((hash) => hex([hash]))).toEqual(proof);
    verifyConsistency(proof.map(unhex), head(olderTreeSize), head(newerTreeSize));
  }
});
