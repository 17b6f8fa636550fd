import { VerificationError } from "./errors.ts";
import { checkHash, equalBytes, sha256Hasher, shortHex, type Hash, type Hasher } from "./hasher.ts";
import { checkInteger } from "./integer.ts";
import { planProof, readProof, type ProofPlan, type ReadHashes } from "./proof-plan.ts";
import { splitPoint, type Sibling, type TreeHead } from "./tree.ts";

/** A leaf hash and its 0-based position in the log. */
export interface Leaf {
  readonly leafIndex: number;
  readonly leafHash: Hash;
}

/**
 * Verifies that `leaf` is at its index in the tree of `head` (RFC 6962 section 2.1.1), and returns the leaf.
 * Nothing but `head` need be trusted. At most 53 interior hashes.
 *
 * @param proof one hash for each level, from the leaf's sibling up to the root's child
 * @throws VerificationError `inclusion_not_proven`: some hash is wrong, or there are too many or too few
 * @throws MalformedError `integer_out_of_range` (also if the index is outside the tree), `hash_malformed`
 */
export function verifyInclusion(
  proof: readonly Hash[],
  leaf: Leaf,
  head: TreeHead,
  hasher: Hasher = sha256Hasher,
): Leaf {
  const { leafIndex, leafHash } = leaf;
  const path = inclusionPath(leafIndex, head.treeSize);
  for (const hash of [leafHash, head.root, ...proof]) checkHash("hash", hash);

  const fail = (reason: string) =>
    new VerificationError(
      "inclusion_not_proven",
      `Leaf ${leafIndex} is not proven to be in the tree of size ${head.treeSize}: ${reason}`,
      { proof, leaf, head },
    );
  if (proof.length !== path.length) throw fail(`${proof.length} hashes, not ${path.length}`);

  let root = leafHash;
  for (const [i, { side }] of path.entries()) {
    root = side === "left" ? hasher.node(proof[i]!, root) : hasher.node(root, proof[i]!);
  }
  if (!equalBytes(root, head.root)) throw fail(`root ${shortHex(root)}, not ${shortHex(head.root)}`);
  return leaf;
}

/**
 * Makes the inclusion proof of a leaf from stored subtree hashes. Calls `readHashes` once, or not at all if
 * the tree has a single leaf. The proof is as good as the hashes that were read: verify it.
 *
 * @throws MalformedError `integer_out_of_range`, and whatever `readHashes` throws
 * @throws InvariantError `reader_broken`
 */
export async function proveInclusion(
  leafIndex: number,
  treeSize: number,
  readHashes: ReadHashes,
  hasher: Hasher = sha256Hasher,
): Promise<Hash[]> {
  return await readProof(planInclusion(leafIndex, treeSize), readHashes, hasher);
}

/**
 * What to read for an inclusion proof; see `assembleProof`. For callers that read without promises.
 *
 * @throws MalformedError `integer_out_of_range`
 */
export function planInclusion(leafIndex: number, treeSize: number): ProofPlan {
  return planProof(inclusionPath(leafIndex, treeSize));
}

/** The siblings on the way from the leaf up to the root. */
function inclusionPath(leafIndex: number, treeSize: number): Sibling[] {
  checkInteger("treeSize", treeSize, 1);
  checkInteger("leafIndex", leafIndex, 0, treeSize - 1);
  const path: Sibling[] = [];
  let begin = 0;
  let end = treeSize;
  while (end - begin > 1) {
    const middle = begin + splitPoint(end - begin);
    if (leafIndex < middle) {
      path.push({ side: "right", begin: middle, end });
      end = middle;
    } else {
      path.push({ side: "left", begin, end: middle });
      begin = middle;
    }
  }
  return path.toReversed();
}
