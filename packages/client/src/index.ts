export { SteleClient } from "./client.ts";
export type {
  Appended,
  ClientOptions,
  LogInfo,
  Receipt,
  SearchOptions,
  SearchPage,
  TailOptions,
} from "./client.ts";
export type { Environment } from "./environment.ts";
export { CLIENT_ERROR_CODES, RefusedError } from "./errors.ts";
export type { EventProblem } from "./errors.ts";
export type { Change, Entry, EventContext, EventInput, Outcome, Party } from "./event.ts";
export type { LogEntry } from "./log-entry.ts";
export { formatProofFile } from "./proven-entry.ts";
export type { ProvenEntry } from "./proven-entry.ts";
export { ServerSentEventParser } from "./server-sent-events.ts";
export type { ServerSentEvent } from "./server-sent-events.ts";
export type { CallOptions } from "./transport.ts";
