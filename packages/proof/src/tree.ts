import type { Hash } from "./hasher.ts";
import { checkInteger } from "./integer.ts";

/** What a checkpoint commits to: so many leaves, under this root. */
export interface TreeHead {
  readonly treeSize: number;
  readonly root: Hash;
}

/**
 * The perfect subtree over the leaves [index·2^level, (index+1)·2^level): a leaf hash at level 0. Its hash is
 * the same in every tree that is large enough to contain it.
 */
export interface NodeId {
  readonly level: number;
  readonly index: number;
}

/**
 * The least number of perfect subtrees that cover the leaves [begin, end), from left to right: at most 2·53.
 * The compact range of Crosby and Wallach (2009), section 3.3.
 *
 * @throws MalformedError `integer_out_of_range`
 */
export function rangeNodes(begin: number, end: number): NodeId[] {
  checkInteger("end", end);
  checkInteger("begin", begin, 0, end);
  const nodes: NodeId[] = [];
  for (let at = begin; at < end;) {
    let level = 0;
    let size = 1;
    while (at % (size * 2) === 0 && at + size * 2 <= end) {
      level++;
      size *= 2;
    }
    nodes.push({ level, index: at / size });
    at += size;
  }
  return nodes;
}

/** The largest power of two below `size`: where RFC 6962 section 2.1 splits a tree of two or more leaves. */
export function splitPoint(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}

/** A subtree that a proof has the hash of, and the side of the path on which it stands. */
export interface Sibling {
  readonly side: "left" | "right";
  readonly begin: number;
  readonly end: number;
}
