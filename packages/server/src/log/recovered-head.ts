import { emptyRoot, UnavailableError, verifyCheckpoint } from "@stele/proof";
import type { Segment } from "../search/segment.ts";
import type { SignedTreeHead } from "./audit-log.ts";
import type { LogIdentity } from "./log-identity.ts";
import { checkAcknowledged } from "./log-state.ts";
import type { TreeStore } from "./tree-store.ts";

/** The newest signed head that the stored bytes show, checked against the tree that they hash to. */
export async function recoveredHead(
  identity: LogIdentity,
  tree: TreeStore,
  newestCheckpoint: string | undefined,
  acknowledged: SignedTreeHead | undefined,
): Promise<SignedTreeHead> {
  if (tree.size === 0 && !acknowledged) return await identity.signTreeHead(0, emptyRoot());
  const present = { treeSize: tree.size, root: tree.root() };
  if (acknowledged) checkAcknowledged(acknowledged, present);
  const note = newestCheckpoint === undefined ? undefined : Buffer.from(newestCheckpoint);
  const signed = note && (await identity.verify(note));
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
  { keys }: LogIdentity,
  mark: SignedTreeHead | undefined,
  newest: Segment | undefined,
): number {
  const sealed = newest && verifyCheckpoint(Buffer.from(newest.checkpoint), keys);
  return Math.max(mark?.treeSize ?? 0, sealed?.treeSize ?? 0);
}
