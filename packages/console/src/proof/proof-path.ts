import {
  HASH_LENGTH_BYTES,
  MalformedError,
  nodeHash,
  planInclusion,
  VerificationError,
  type Hash,
  type Leaf,
} from "@stele/proof";

/** A node of the tree: the hash over the leaves [begin, end). */
export interface PathNode {
  readonly hash: Hash;
  readonly begin: number;
  readonly end: number;
}

/** One step of the way up: the node so far and its sibling make the parent. */
export interface PathStep {
  /** The side that the sibling is on. */
  readonly side: "left" | "right";
  /** From the proof. */
  readonly sibling: PathNode;
  /** Computed here. */
  readonly parent: PathNode;
}

export interface ProofPath {
  readonly leaf: PathNode;
  /** From the leaf upwards; none in a tree of one leaf. At most 53. */
  readonly steps: readonly PathStep[];
  /** What the leaf and the proof hash to. */
  readonly root: PathNode;
}

/**
 * The way from a leaf to the root with every hash on it, to be shown. Whether the root is the right one is another
 * question: `verifyInclusion` answers it.
 *
 * @throws VerificationError `inclusion_not_proven` if there are too many hashes or too few
 * @throws MalformedError `integer_out_of_range` if the tree has no such leaf, `hash_malformed`
 */
export function proofPath(
  { leafIndex, leafHash }: Leaf,
  treeSize: number,
  proof: readonly Hash[],
): ProofPath {
  const plan = planInclusion(leafIndex, treeSize);
  if (proof.length !== plan.length) {
    throw new VerificationError(
      "inclusion_not_proven",
      `Leaf ${leafIndex} of ${treeSize} has ${plan.length} hashes on its path, and the node gave ${proof.length}`,
      { leafIndex, treeSize, proof },
    );
  }
  if (proof.some((hash) => hash.length !== HASH_LENGTH_BYTES)) {
    throw new MalformedError("hash_malformed", `A hash of the path does not have ${HASH_LENGTH_BYTES} bytes`);
  }
  const leaf = { hash: leafHash, begin: leafIndex, end: leafIndex + 1 };
  let node: PathNode = leaf;
  const steps = plan.map((subtrees, i): PathStep => {
    const [first, last] = [subtrees[0]!, subtrees.at(-1)!];
    const sibling = {
      hash: proof[i]!,
      begin: first.index * 2 ** first.level,
      end: (last.index + 1) * 2 ** last.level,
    };
    const side = sibling.begin < node.begin ? "left" : "right";
    const [left, right] = side === "left" ? [sibling, node] : [node, sibling];
    node = { hash: nodeHash(left.hash, right.hash), begin: left.begin, end: right.end };
    return { side, sibling, parent: node };
  });
  return { leaf, steps, root: node };
}
