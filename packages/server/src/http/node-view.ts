import { UnavailableError } from "@stele/proof";
import type { AuditLog } from "../log/audit-log.ts";
import type { TestResult } from "../ops/alarm-keeper.ts";
import type { AlarmBoard } from "../ops/alarms.ts";
import type { History, HistoryRange } from "../ops/history/history-table.ts";
import type { NodesOfStore } from "../ops/nodes/node-list.ts";
import type { NodeStatus } from "../ops/status.ts";
import { RequestError } from "./errors.ts";

/** What the HTTP API needs of a node. */
export interface NodeView {
  /** `starting`: the logs are being opened, and none is served. `stopping`: nothing new is accepted. */
  readonly state: "starting" | "ready" | "stopping";
  logs(): readonly AuditLog[];
  log(name: string): AuditLog | undefined;
  /** Readies a log for a request that names it: one that another node has made, or has committed to. */
  prepare(name: string, reading: boolean): Promise<void>;
  /** Makes a log of this name, or returns the one that there is. Safe to call several times at once. */
  createLog(name: string): Promise<AuditLog>;
  /** What it is at. Returns at once. */
  status(): NodeStatus;
  /** What it was at. Returns at once. */
  history(range: HistoryRange, log?: string): History;
  /** The nodes of the store, as each last said. Asks the store, now and then. */
  nodes(): Promise<NodesOfStore>;
  readonly alarms: AlarmBoard;
  /** Sends a test to who is told of alarms, and waits for their answers. */
  testAlarms(): Promise<readonly TestResult[]>;
}

/**
 * The log of this name.
 *
 * @throws RequestError `log_unknown`; UnavailableError `node_starting`, `node_stopping`
 */
export function findLog(node: NodeView, name: string): AuditLog {
  assertReady(node);
  const log = node.log(name);
  if (log) return log;
  throw new RequestError(
    "log_unknown",
    `This node has no log called ${JSON.stringify(name.slice(0, 80))}. GET /v1/logs lists those it has; “stele log create” makes one`,
  );
}

/** @throws UnavailableError `node_starting`, `node_stopping` */
export function assertReady({ state }: NodeView): void {
  if (state === "ready") return;
  throw new UnavailableError(
    `node_${state}`,
    `The node is ${state}. Try again in a moment, or at another node`,
  );
}
