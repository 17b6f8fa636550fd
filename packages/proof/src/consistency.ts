import { VerificationError } from "./errors.ts";
import { checkHash, emptyRoot, equalBytes, sha256Hasher, type Hash, type Hasher } from "./hasher.ts";
import { checkInteger } from "./integer.ts";
import { planProof, readProof, type ProofPlan, type ReadHashes } from "./proof-plan.ts";
import { splitPoint, type Sibling, type TreeHead } from "./tree.ts";

/**
 * Verifies that the tree of `newer` begins with exactly the leaves of `older` (RFC 6962 section 2.1.2), and
 * returns `newer`. Two heads of the same size are consistent if their roots are equal, and every tree extends
 * the empty one; the proof is empty in both cases.
 *
 * @param proof in the order of RFC 6962, as c2sp.org/tlog-witness and Certificate Transparency have it
 * @throws VerificationError `consistency_not_proven`. If both heads are signed and the proof was made from
 *   the log's own hashes, the evidence shows that the log changed its past, or showed two faces.
 * @throws MalformedError `integer_out_of_range`, `hash_malformed`
 */
export function verifyConsistency<Head extends TreeHead>(
  proof: readonly Hash[],
  older: TreeHead,
  newer: Head,
  hasher: Hasher = sha256Hasher,
): Head {
  checkInteger("older.treeSize", older.treeSize);
  checkInteger("newer.treeSize", newer.treeSize);
  for (const hash of [older.root, newer.root, ...proof]) checkHash("hash", hash);

  const fail = (reason: string) =>
    new VerificationError(
      "consistency_not_proven",
      `The tree of size ${newer.treeSize} is not proven to extend the tree of size ${older.treeSize}: ${reason}`,
      { proof, older, newer },
    );
  if (older.treeSize > newer.treeSize) throw fail("it is smaller");
  for (const head of [older, newer]) {
    if (head.treeSize === 0 && !equalBytes(head.root, emptyRoot())) throw fail("wrong root of an empty tree");
  }

  const { siblings, isOldRootKnown } = consistencyPath(older.treeSize, newer.treeSize);
  const needed = siblings.length + (isOldRootKnown ? 0 : 1);
  if (proof.length !== needed) throw fail(`${proof.length} hashes, not ${needed}`);
  if (older.treeSize === 0) return newer;

  // Start from the largest subtree that ends with the older tree. If that is the older tree as a whole, its
  // root is known; otherwise it is the first hash of the proof.
  let oldRoot = isOldRootKnown ? older.root : proof[0]!;
  let newRoot = oldRoot;
  for (const [i, hash] of proof.slice(isOldRootKnown ? 0 : 1).entries()) {
    if (siblings[i]!.side === "left") {
      oldRoot = hasher.node(hash, oldRoot);
      newRoot = hasher.node(hash, newRoot);
    } else {
      newRoot = hasher.node(newRoot, hash);
    }
  }
  if (!equalBytes(oldRoot, older.root)) throw fail("it leads to another older root");
  if (!equalBytes(newRoot, newer.root)) throw fail("it leads to another newer root");
  return newer;
}

/**
 * Makes the consistency proof between two sizes from stored subtree hashes. Calls `readHashes` once, or not at
 * all if the proof is empty. The proof is as good as the hashes that were read: verify it.
 *
 * @throws MalformedError `integer_out_of_range` (also if the older size is larger), and what `readHashes` throws
 * @throws InvariantError `reader_broken`
 */
export async function proveConsistency(
  olderTreeSize: number,
  newerTreeSize: number,
  readHashes: ReadHashes,
  hasher: Hasher = sha256Hasher,
): Promise<Hash[]> {
  return await readProof(planConsistency(olderTreeSize, newerTreeSize), readHashes, hasher);
}

/**
 * What to read for a consistency proof; see `assembleProof`. For callers that read without promises.
 *
 * @throws MalformedError `integer_out_of_range`
 */
export function planConsistency(olderTreeSize: number, newerTreeSize: number): ProofPlan {
  checkInteger("newerTreeSize", newerTreeSize);
  checkInteger("olderTreeSize", olderTreeSize, 0, newerTreeSize);
  const { start, siblings, isOldRootKnown } = consistencyPath(olderTreeSize, newerTreeSize);
  return planProof(isOldRootKnown ? siblings : [start, ...siblings]);
}

/** The largest subtree that ends where the older tree ends, and the siblings on the way from it to the root. */
function consistencyPath(olderTreeSize: number, newerTreeSize: number) {
  const siblings: Sibling[] = [];
  let begin = 0;
  let end = olderTreeSize === 0 ? 0 : newerTreeSize;
  while (olderTreeSize < end) {
    const middle = begin + splitPoint(end - begin);
    if (olderTreeSize <= middle) {
      siblings.push({ side: "right", begin: middle, end });
      end = middle;
    } else {
      siblings.push({ side: "left", begin, end: middle });
      begin = middle;
    }
  }
  const start: Sibling = { side: "right", begin, end };
  return { start, siblings: siblings.toReversed(), isOldRootKnown: begin === 0 };
}
