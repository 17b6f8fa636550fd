import { UnavailableError } from "@stele/proof";
import type { NodeView } from "../http/node-view.ts";

/** A few seconds of the highest load. */
const INDEX_LAG_ENTRIES_MAX = 500_000;

/** Reads go on while a store is out: from what a node has, and from mirrors. */
export type Purpose = "all" | "reads";

/** Why the node should get no requests (of this purpose) now; empty if it should. */
export function reasonsNotReady(node: NodeView, purpose: Purpose = "all"): string[] {
  if (node.state !== "ready") return [`the node is ${node.state}`];
  return node.logs().flatMap((log) => {
    const reasons: string[] = [];
    const writable = log.writable();
    if (!writable.ok && purpose === "all")
      reasons.push(`log ${log.name} takes no writes: ${writable.reason}`);
    const { failure, indexedSize } = log.search;
    if (failure) reasons.push(`the index of log ${log.name} fails: ${failure.message}`);
    const lag = log.head().treeSize - indexedSize;
    if (lag > INDEX_LAG_ENTRIES_MAX) reasons.push(`the index of log ${log.name} is ${lag} entries behind`);
    return reasons;
  });
}

/** @throws UnavailableError `not_ready`, with all reasons for those who may know them */
export function assertNodeReady(node: NodeView, purpose: Purpose, mayKnowWhy: () => boolean): void {
  const reasons = reasonsNotReady(node, purpose);
  if (reasons.length === 0) return;
  const why = mayKnowWhy() ? reasons.join("; ") : "readers are told why";
  throw new UnavailableError("not_ready", `Not ready: ${why}`);
}
