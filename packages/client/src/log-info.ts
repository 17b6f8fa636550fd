import type { Answer } from "./answer.ts";

export interface LogInfo {
  readonly name: string;
  readonly origin: string;
  /** The log's public key as the node tells it: trust on first use, at best. */
  readonly vkey: string;
  readonly treeSize: number;
}

/** @throws MalformedError `response_malformed` */
export function parseLogInfo(answer: Answer): LogInfo {
  return {
    name: answer.field("name").string(),
    origin: answer.field("origin").string(),
    vkey: answer.field("vkey").string(),
    treeSize: answer.field("tree_size").integer(),
  };
}
