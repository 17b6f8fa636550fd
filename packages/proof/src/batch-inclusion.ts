import { MalformedError, VerificationError } from "./errors.ts";
import { checkHash, equalBytes, sha256Hasher, shortHex, type Hash, type Hasher } from "./hasher.ts";
import type { Leaf } from "./inclusion.ts";
import { checkInteger } from "./integer.ts";
import { readProof, type ProofPlan, type ReadHashes } from "./proof-plan.ts";
import { rangeNodes, splitPoint, type TreeHead } from "./tree.ts";

/*
 * One proof for many leaves. Walk the tree of RFC 6962 section 2.1 from the root, left before right: a subtree that has
 * none of the leaves gives its hash to the proof; a subtree of one leaf, which is one of them, gives nothing, because its
 * hash is that of the leaf; any other is split where RFC 6962 splits it. So the order of the hashes says where each
 * belongs, and two subtrees share what they have in common. The recursion is as deep as the tree: at most 53.
 */

/**
 * Verifies that each of `leaves` is at its index in the tree of `head`, and returns them. Nothing but `head` need be
 * trusted.
 *
 * @param proof the hashes of {@link proveBatchInclusion}
 * @param leaves one at least, by ascending index, each index once
 * @throws VerificationError `inclusion_not_proven`: some hash is wrong, or there are too many or too few
 * @throws MalformedError `leaves_malformed`, `integer_out_of_range` (also if an index is outside the tree),
 *   `hash_malformed`
 */
export function verifyBatchInclusion(
  proof: readonly Hash[],
  leaves: readonly Leaf[],
  head: TreeHead,
  hasher: Hasher = sha256Hasher,
): readonly Leaf[] {
  checkIndexes(
    leaves.map(({ leafIndex }) => leafIndex),
    head.treeSize,
  );
  for (const hash of [head.root, ...proof]) checkHash("hash", hash);
  for (const { leafHash } of leaves) checkHash("hash", leafHash);
  const fail = (reason: string) =>
    new VerificationError(
      "inclusion_not_proven",
      `${leaves.length} leaves are not proven to be in the tree of size ${head.treeSize}: ${reason}`,
      { proof, leaves, head },
    );

  let used = 0;
  let next = 0;
  const rootOf = (begin: number, end: number): Hash => {
    if (next === leaves.length || leaves[next]!.leafIndex >= end) {
      const hash = proof[used++];
      if (!hash) throw fail(`${proof.length} hashes are too few`);
      return hash;
    }
    if (end - begin === 1) return leaves[next++]!.leafHash;
    const middle = begin + splitPoint(end - begin);
    const left = rootOf(begin, middle);
    return hasher.node(left, rootOf(middle, end));
  };
  const root = rootOf(0, head.treeSize);
  if (used !== proof.length) throw fail(`${proof.length} hashes, not ${used}`);
  if (!equalBytes(root, head.root)) throw fail(`root ${shortHex(root)}, not ${shortHex(head.root)}`);
  return leaves;
}

/**
 * Makes the proof from stored subtree hashes, with one call of `readHashes`, or none if every leaf of the tree is
 * asked for. The proof is as good as the hashes that were read: verify it.
 *
 * @param leafIndexes one at least, ascending, each once
 * @throws MalformedError `leaves_malformed`, `integer_out_of_range`, and whatever `readHashes` throws
 * @throws InvariantError `reader_broken`
 */
export async function proveBatchInclusion(
  leafIndexes: readonly number[],
  treeSize: number,
  readHashes: ReadHashes,
  hasher: Hasher = sha256Hasher,
): Promise<Hash[]> {
  return await readProof(planBatchInclusion(leafIndexes, treeSize), readHashes, hasher);
}

/**
 * What to read for the proof; see `assembleProof`. At most one hash for each leaf and level of the tree.
 *
 * @throws MalformedError `leaves_malformed`, `integer_out_of_range`
 */
export function planBatchInclusion(leafIndexes: readonly number[], treeSize: number): ProofPlan {
  checkIndexes(leafIndexes, treeSize);
  const plan: ProofPlan[number][] = [];
  let next = 0;
  const walk = (begin: number, end: number): void => {
    if (next === leafIndexes.length || leafIndexes[next]! >= end) plan.push(rangeNodes(begin, end));
    else if (end - begin === 1) next++;
    else {
      const middle = begin + splitPoint(end - begin);
      walk(begin, middle);
      walk(middle, end);
    }
  };
  walk(0, treeSize);
  return plan;
}

function checkIndexes(leafIndexes: readonly number[], treeSize: number): void {
  checkInteger("treeSize", treeSize, 1);
  if (leafIndexes.length === 0) throw malformed("there is none");
  let before = -1;
  for (const leafIndex of leafIndexes) {
    checkInteger("leafIndex", leafIndex, 0, treeSize - 1);
    if (leafIndex <= before) throw malformed(`${leafIndex} comes behind ${before}`);
    before = leafIndex;
  }
}

function malformed(reason: string): MalformedError {
  return new MalformedError("leaves_malformed", `Leaves are proven by ascending index, each once: ${reason}`);
}
