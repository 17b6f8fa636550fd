import {
  encodeUtf8,
  equalBytes,
  MalformedError,
  parseCheckpoint,
  parseNote,
  VerificationError,
  verifyConsistency,
  type Hash,
  type VerifiedCheckpoint,
} from "@stele/proof";
import { formatCount } from "../ui/format-number.ts";
import { formatHex } from "../ui/format-hex.ts";
import type { Step } from "./proof-report.ts";
import type { Seen } from "./trust-store.ts";

/** Asks the node for the proof that the tree of size `to` extends that of size `from`. */
export type AskConsistency = (from: number, to: number) => Promise<readonly Hash[]>;

/**
 * Compares a checkpoint with the largest one that this browser verified before: one of the two trees must be the beginning
 * of the other. If not, the log showed two faces (or was rolled back, or its key is in other hands).
 *
 * @param ask may answer anything. A MalformedError of it is a refusal; others are thrown on: nothing is known then
 */
export async function checkSeen(
  shown: VerifiedCheckpoint,
  seen: Seen | undefined,
  ask: AskConsistency,
): Promise<Step> {
  const name = "consistency";
  const size = formatCount(shown.treeSize);
  if (seen === undefined) {
    const text = `This is the first checkpoint of the log that this browser verifies: ${size} entries. Later ones must extend it.`;
    return { name, state: "passed", text };
  }
  const before = parseCheckpoint(parseNote(encodeUtf8(seen.note)).text);
  const beforeSize = formatCount(before.treeSize);
  if (before.origin !== shown.origin) {
    const values = { expected: before.origin, actual: shown.origin };
    const text = "The checkpoint is of another log than the one that this browser verified here before.";
    return { name, state: "failed", code: "checkpoint_origin_wrong", text, ...values };
  }
  if (before.treeSize === shown.treeSize) {
    if (equalBytes(before.root, shown.root)) {
      return { name, state: "passed", text: `The same tree as verified before: ${size} entries.` };
    }
    const text = `Split view: the log signed two different trees of ${size} entries. Keep both checkpoints.`;
    const values = { expected: formatHex(before.root), actual: formatHex(shown.root) };
    return { name, state: "failed", code: "consistency_not_proven", text, ...values };
  }
  const [older, newer] = before.treeSize < shown.treeSize ? [before, shown] : [shown, before];
  try {
    verifyConsistency(await ask(older.treeSize, newer.treeSize), older, newer);
  } catch (error) {
    if (error instanceof MalformedError) {
      const reason =
        newer === before
          ? `Rollback: this browser verified ${beforeSize} entries before; now the node shows ${size}, and can't prove that they are the first of those`
          : `The node can't prove that its ${size} entries extend the ${beforeSize} that this browser verified before`;
      const text = `${reason} (${error.message}). Keep both checkpoints.`;
      return { name, state: "failed", code: error.code, text };
    }
    if (!(error instanceof VerificationError)) throw error;
    const text = `Split view or rollback: the trees of ${size} entries (shown now) and of ${beforeSize} (verified before) are not proven to be of one history. Keep both checkpoints. ${error.message}`;
    return { name, state: "failed", code: error.code, text };
  }
  if (newer === shown) {
    const text = `The tree of ${size} entries extends the ${beforeSize} that this browser verified before: nothing of those was changed.`;
    return { name, state: "passed", text };
  }
  const text = `An older checkpoint than the newest that this browser verified: its ${size} entries are proven to be the first of those ${beforeSize}.`;
  return { name, state: "remark", text };
}
