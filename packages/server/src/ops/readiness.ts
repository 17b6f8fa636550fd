import { UnavailableError } from "@stele/proof";
import type { NodeView } from "../http/node-view.ts";

/** A few seconds of the highest load. */
const INDEX_LAG_ENTRIES_MAX = 500_000;

/** Why the node should get no requests now; empty if it should. */
export function reasonsNotReady(node: NodeView): string[] {
  if (node.state !== "ready") return [`the node is ${node.state}`];
  return node.logs().flatMap((log) => {
    const reasons: string[] = [];
    const writable = log.writable();
    if (!writable.ok) reasons.push(`log ${log.name} takes no writes: ${writable.reason}`);
    const { failure, indexedSize } = log.search;
    if (failure) reasons.push(`the index of log ${log.name} fails: ${failure.message}`);
    const lag = log.head().treeSize - indexedSize;
    if (lag > INDEX_LAG_ENTRIES_MAX) reasons.push(`the index of log ${log.name} is ${lag} entries behind`);
    return reasons;
  });
}

/** @throws UnavailableError `not_ready`, with all reasons */
export function assertNodeReady(node: NodeView): void {
  const reasons = reasonsNotReady(node);
  if (reasons.length > 0) throw new UnavailableError("not_ready", `Not ready: ${reasons.join("; ")}`);
}
