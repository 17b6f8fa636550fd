import { foldSubtrees } from "./compact-range.ts";
import { InvariantError } from "./errors.ts";
import type { Hash, Hasher } from "./hasher.ts";
import { rangeNodes, type NodeId, type Sibling } from "./tree.ts";

/**
 * Reads the hashes of perfect subtrees: exactly one for each node, in the same order. All nodes of a proof
 * are asked for in one call. Whether the hashes are trusted is the reader's matter.
 */
export type ReadHashes = (nodes: readonly NodeId[]) => Promise<readonly Hash[]>;

/**
 * What has to be read to make a proof. Each element stands for one hash of the proof, in the proof's order,
 * and lists the perfect subtrees that it is folded from, left to right: one in most cases, up to 53 where the
 * subtree touches the right edge of the tree. Pure arithmetic, so it can be made before anything is read.
 */
export type ProofPlan = readonly (readonly NodeId[])[];

export function planProof(path: readonly Sibling[]): ProofPlan {
  return path.map(({ begin, end }) => rangeNodes(begin, end));
}

/**
 * Makes the proof from the hashes of `plan.flat()`, in that order.
 *
 * @throws InvariantError `reader_broken` if there are more or fewer hashes
 */
export function assembleProof(plan: ProofPlan, hashes: readonly Hash[], hasher: Hasher): Hash[] {
  const needed = plan.reduce((sum, nodes) => sum + nodes.length, 0);
  if (hashes.length !== needed) {
    throw new InvariantError("reader_broken", `The proof needs ${needed} hashes, not ${hashes.length}`);
  }
  let at = 0;
  return plan.map((nodes) => foldSubtrees(hashes.slice(at, (at += nodes.length)), hasher));
}

export async function readProof(plan: ProofPlan, readHashes: ReadHashes, hasher: Hasher): Promise<Hash[]> {
  const nodes = plan.flat();
  return assembleProof(plan, nodes.length === 0 ? [] : await readHashes(nodes), hasher);
}
