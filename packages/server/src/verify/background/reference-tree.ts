import { CompactRange, HASH_LENGTH_BYTES, TILE_HEIGHT, TILE_WIDTH } from "@stele/proof";
import { nativeHasher } from "../../log/native-hasher.ts";
import type { TreeStore } from "../../log/tree-store.ts";

/** What the running node keeps of the tree: hashes that it recomputed from what it committed or read. */
export type ReferenceTree = Pick<TreeStore, "size" | "hotStart" | "subtreeHashes" | "leafHash">;

export function emptyRange(): CompactRange {
  return new CompactRange({ hasher: nativeHasher });
}

/**
 * Goes on to a tree size by what the node knows: so that one damaged object does not hide what else is damaged. False if the
 * node does not have the hashes.
 */
export function bridge(range: CompactRange, to: number, tree: ReferenceTree): boolean {
  if (to > tree.size) return false;
  while (range.end < to) {
    const at = range.end;
    if (at % TILE_WIDTH === 0 && at + TILE_WIDTH <= to) {
      range.appendSubtree(TILE_HEIGHT, tree.subtreeHashes(at, at + TILE_WIDTH));
    } else if (at >= tree.hotStart) range.append(tree.leafHash(at));
    else return false;
  }
  return true;
}

/** Where the leaf hashes of a run that begins at `start` first differ from the node's; undefined where they are the same. */
export function firstDifference(hashes: Uint8Array, start: number, tree: ReferenceTree): number | undefined {
  const count = hashes.length / HASH_LENGTH_BYTES;
  for (let i = Math.max(0, tree.hotStart - start); i < count && start + i < tree.size; i++) {
    const hash = hashes.subarray(i * HASH_LENGTH_BYTES, (i + 1) * HASH_LENGTH_BYTES);
    if (Buffer.compare(hash, tree.leafHash(start + i)) !== 0) return start + i;
  }
  return undefined;
}
