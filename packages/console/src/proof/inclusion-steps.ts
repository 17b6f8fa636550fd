import type { ProofClaim } from "@stele/client";
import {
  ENTRY_LENGTH_BYTES_MAX,
  equalBytes,
  VerificationError,
  verifyInclusion,
  type Checkpoint,
  type Hash,
} from "@stele/proof";
import { formatHex } from "../ui/format-hex.ts";
import { formatCount } from "../ui/format-number.ts";
import type { ProofPath } from "./proof-path.ts";
import type { Step } from "./proof-report.ts";
import { skipped } from "./step-outcome.ts";

// The steps from an entry's bytes to the root of a checkpoint.

/** Whether it is the entry that was asked for. @throws VerificationError */
export function checkEntry(index: number, { entry, leafIndex }: ProofClaim): Step {
  const name = "entry";
  if (leafIndex !== index) {
    throw new VerificationError("proof_of_other_entry", "The node answered with another entry.", {
      expected: `entry ${index}`,
      actual: `entry ${leafIndex}`,
    });
  }
  if (entry.length > ENTRY_LENGTH_BYTES_MAX) {
    throw new VerificationError(
      "entry_too_long",
      "The node answered with more bytes than an entry can have.",
      {
        expected: `at most ${ENTRY_LENGTH_BYTES_MAX} bytes`,
        actual: `${entry.length} bytes`,
      },
    );
  }
  const text = `${formatCount(entry.length)} bytes, said to be entry ${formatCount(index)}. All that is shown of the event is read from these bytes.`;
  return { name, state: "passed", text };
}

/** Whether the bytes hash to the leaf hash that the node says. */
export function checkLeaf(computed: Hash, claimed: Hash): Step {
  const actual = formatHex(computed);
  if (equalBytes(computed, claimed)) {
    return { name: "leaf", state: "passed", text: `SHA-256(0x00 ‖ entry) = ${actual}` };
  }
  const text = "The bytes hash to another leaf hash than the node says: they, or it, were changed.";
  return {
    name: "leaf",
    state: "failed",
    code: "entry_not_authentic",
    text,
    expected: formatHex(claimed),
    actual,
  };
}

/** Where the path leads. */
export function pathStep({ steps, root }: ProofPath): Step {
  const count = steps.length === 1 ? "1 sibling" : `${steps.length} siblings`;
  const text = `With ${count} on its way up, the leaf leads to the root ${formatHex(root.hash)}`;
  return { name: "path", state: "passed", text };
}

/** Whether the path leads to the root that the checkpoint has. @throws VerificationError */
export function checkRoot(
  path: ProofPath | undefined,
  { proof, treeSize }: ProofClaim,
  leaf: { readonly leafIndex: number; readonly leafHash: Hash },
  checkpoint: Checkpoint,
): Step {
  if (!path) return skipped("root");
  const values = { expected: formatHex(checkpoint.root), actual: formatHex(path.root.hash) };
  try {
    verifyInclusion(proof, leaf, checkpoint);
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    const text = "The entry and its path don't lead to the root that the checkpoint has.";
    return { name: "root", state: "failed", code: error.code, text, ...values };
  }
  if (treeSize !== checkpoint.treeSize) {
    throw new VerificationError(
      "inclusion_not_proven",
      "The proof is said to be of a tree of another size.",
      {
        expected: `${checkpoint.treeSize} entries`,
        actual: `${treeSize} entries`,
      },
    );
  }
  const text = `It is the root of the checkpoint: ${formatCount(checkpoint.treeSize)} entries, ${values.expected}`;
  return { name: "root", state: "passed", text };
}
