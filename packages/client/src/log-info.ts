import type { Answer } from "./answer.ts";

export interface LogInfo {
  readonly name: string;
  readonly origin: string;
  /** The log's public key as the node tells it: trust on first use, at best. */
  readonly vkey: string;
  readonly treeSize: number;
  readonly sealedSize: number;
  /** Entries below it are under a checkpoint that a quorum of witnesses cosigned; undefined if the node has no policy. */
  readonly witnessedSize: number | undefined;
  /** When the newest cosigned checkpoint was published, RFC 3339. */
  readonly publishedAt: string | undefined;
}

/** @throws MalformedError `response_malformed` */
export function parseLogInfo(answer: Answer): LogInfo {
  return {
    name: answer.field("name").string(),
    origin: answer.field("origin").string(),
    vkey: answer.field("vkey").string(),
    treeSize: answer.field("tree_size").integer(),
    sealedSize: answer.field("sealed_size").integer(),
    witnessedSize: answer.has("witnessed_size") ? answer.field("witnessed_size").integer() : undefined,
    publishedAt: answer.has("published_at") ? answer.field("published_at").string() : undefined,
  };
}
