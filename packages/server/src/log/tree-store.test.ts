import { nodeHash, rootOfLeaves, tilesBetween, type Hash } from "@stele/proof";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nativeHasher } from "./native-hasher.ts";
import { TreeStore } from "./tree-store.ts";

function leaf(i: number): Hash {
  return nativeHasher.leaf(Buffer.from(`entry ${i}`));
}

function leaves(begin: number, end: number): Uint8Array {
  return Buffer.concat(Array.from({ length: end - begin }, (_, i) => leaf(begin + i)));
}

/** RFC 6962, word by word. */
function rootOf(begin: number, end: number): Hash {
  if (end - begin === 1) return leaf(begin);
  let k = 1;
  while (k * 2 < end - begin) k *= 2;
  return nodeHash(rootOf(begin, begin + k), rootOf(begin + k, end));
}

describe("TreeStore", () => {
  it("has the root and every tile of the tree, however the leaves were grouped into commits", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 }), (counts) => {
        const tree = new TreeStore();
        for (const count of counts) tree.commit(tree.extend([leaves(tree.size, tree.size + count)]));
        expect(tree.root()).toEqual(Buffer.from(rootOf(0, tree.size)));
        for (const { level, index, width } of tilesBetween(0, tree.size)) {
          const tile = tree.tile(level, index, width)!;
          const span = 256 ** level;
          const expected = Array.from({ length: width }, (_, i) => {
            const begin = (index * 256 + i) * span;
            return rootOf(begin, begin + span);
          });
          expect(Buffer.from(tile).equals(Buffer.concat(expected))).toBe(true);
        }
      }),
      { numRuns: 15 },
    );
  });

  it("is unchanged by an extension that is not committed", () => {
    const tree = new TreeStore();
    tree.commit(tree.extend([leaves(0, 300)]));
    const before = tree.root();
    const extension = tree.extend([leaves(300, 900)]);
    expect(extension.range.end).toBe(900);
    expect(tree.size).toBe(300);
    expect(tree.root()).toEqual(before);
    tree.commit(tree.extend([leaves(300, 301)]));
    expect(tree.root()).toEqual(Buffer.from(rootOf(0, 301)));
  });

  it("goes on from sealed hashes as from leaves, and keeps no leaf hashes of what is sealed", () => {
    const whole = new TreeStore();
    whole.commit(whole.extend([leaves(0, 1100)]));
    const sealed = new TreeStore();
    for (const n of [0, 1, 2]) sealed.appendSealed(whole.subtreeHashes(n * 256, (n + 1) * 256));
    sealed.commit(sealed.extend([leaves(768, 1100)]));
    whole.dropLeaves(768);
    for (const tree of [whole, sealed]) {
      expect(tree.root()).toEqual(Buffer.from(rootOf(0, 1100)));
      expect(tree.hotStart).toBe(768);
      expect(tree.tile(0, 2, 256)).toBeUndefined();
      expect(tree.tile(0, 3, 256)).toEqual(new Uint8Array(leaves(768, 1024)));
      expect(tree.tile(0, 4, 76)).toEqual(new Uint8Array(leaves(1024, 1100)));
      expect(tree.tile(1, 0, 4)).toEqual(whole.subtreeHashes(0, 1024));
      expect(() => tree.tile(0, 4, 77)).toThrow(expect.objectContaining({ code: "not_found" }));
    }
    expect(rootOfLeaves([0, 1, 2].map((i) => leaf(i)))).toEqual(new Uint8Array(rootOf(0, 3)));
  });
});
