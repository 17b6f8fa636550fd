import type { StoreNode } from "@stele/client";

/** A node says every 30 s that it is there: who missed three of these is silent. */
const SILENT_SECONDS = 90;

/** One node, as it stands to the others for one log. */
export interface NodeRow {
  readonly node: StoreNode;
  /** It has said nothing for a while: what it said last may no longer be so. */
  readonly isSilent: boolean;
  /** Undefined: it did not say that it has the log. */
  readonly treeSize: number | undefined;
  /** Entries that the best of all nodes had, and this one did not, when each spoke last. */
  readonly behind: number | undefined;
  readonly writable: boolean | undefined;
}

export function nodeRows(nodes: readonly StoreNode[], logName: string): NodeRow[] {
  const found = nodes.map((node) => ({ node, log: node.logs.find(({ name }) => name === logName) }));
  const best = Math.max(0, ...found.map(({ log }) => log?.treeSize ?? 0));
  return found.map(({ node, log }) => ({
    node,
    isSilent: node.age > SILENT_SECONDS,
    treeSize: log?.treeSize,
    behind: log && best - log.treeSize,
    writable: log?.writable,
  }));
}
