import { emptyRoot, noteVerifier, UnavailableError, verifyCheckpoint } from "@stele/proof";
import type { Segment } from "../search/segment.ts";
import type { SignedTreeHead } from "./audit-log.ts";
import type { LogIdentity } from "./log-key.ts";
import { checkAcknowledged } from "./log-state.ts";
import { signTreeHead } from "./sequencer.ts";
import type { TreeStore } from "./tree-store.ts";

/** The newest signed head that the stored bytes show, checked against the tree that they hash to. */
export function recoveredHead(
  identity: LogIdentity,
  tree: TreeStore,
  newestCheckpoint: string | undefined,
  acknowledged: SignedTreeHead | undefined,
): SignedTreeHead {
  if (tree.size === 0 && !acknowledged) return signTreeHead(identity, 0, emptyRoot());
  const present = { treeSize: tree.size, root: tree.root() };
  if (acknowledged) checkAcknowledged(acknowledged, present);
  const note = newestCheckpoint === undefined ? undefined : Buffer.from(newestCheckpoint);
  const signed = note && verifyCheckpoint(note, noteVerifier(identity.vkey));
  if (signed) checkAcknowledged(signed, present);
  if (note && signed?.treeSize === tree.size) return { ...present, note };
  if (acknowledged?.treeSize === tree.size) return acknowledged;
  throw new UnavailableError(
    "journal_missing",
    `The segments hold ${tree.size} entries, but no checkpoint of that size is there: the journal is missing`,
  );
}

/** How many entries are known to have been acknowledged: the mark may lag behind what a segment shows. */
export function acknowledgedSize(
  { vkey }: LogIdentity,
  mark: SignedTreeHead | undefined,
  newest: Segment | undefined,
): number {
  const sealed = newest && verifyCheckpoint(Buffer.from(newest.checkpoint), noteVerifier(vkey));
  return Math.max(mark?.treeSize ?? 0, sealed?.treeSize ?? 0);
}
