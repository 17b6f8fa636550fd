export type { Alarm, NodeAlarms, NotifierTest } from "./alarms.ts";
export { SteleClient } from "./client.ts";
export type { ClientOptions } from "./client.ts";
export type {
  CountBucket,
  CountField,
  CountOptions,
  CountOverTimeOptions,
  CountsOverTime,
  TopValues,
  TopValuesOptions,
} from "./counts.ts";
export { CSV_HEADER, csvRow } from "./csv.ts";
export type { Environment } from "./environment.ts";
export { CLIENT_ERROR_CODES, RefusedError } from "./errors.ts";
export type { EventProblem } from "./errors.ts";
export type { Change, Entry, EventContext, EventInput, Outcome, Party } from "./event.ts";
export type { KeyList } from "./key-list.ts";
export type { LogEntry } from "./log-entry.ts";
export type { LogInfo } from "./log-info.ts";
export type { HistoryRange, MetricsHistory, MetricsSeries } from "./metrics-history.ts";
export type { NodesOfStore, StoreNode } from "./nodes.ts";
export type {
  CacheStatus,
  LogStatus,
  MirrorStatus,
  WitnessStatus,
  NodeStatus,
  VerificationStatus,
} from "./node-status.ts";
export type { ProofClaim } from "./proof-claim.ts";
export { formatProofFile } from "./proven-entry.ts";
export type { ProvenEntry } from "./proven-entry.ts";
export type { Appended, Receipt } from "./receipts.ts";
export type { SearchOptions, SearchPage } from "./search-page.ts";
export type { Session } from "./session.ts";
export type { Source, SourceOptions, SourcePage } from "./sources.ts";
export type { TailOptions } from "./tail.ts";
export type { CallOptions } from "./transport.ts";
export type { LogVerification, VerificationFinding } from "./verification.ts";
