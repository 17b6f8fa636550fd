import { encodeUtf8 } from "@stele/proof";
import type { Answer } from "./answer.ts";

/** The keys of a log as a node tells them: nothing of it is verified. */
export interface KeyList {
  readonly origin: string;
  /** The newest. */
  readonly vkey: string;
  /** Oldest first. */
  readonly keys: readonly {
    readonly vkey: string;
    /** The tree sizes that it may sign. */
    readonly fromSize: number;
    readonly toSize: number | undefined;
    readonly isRetired: boolean;
  }[];
  /** The signed statements that declare them, in order: `followSuccession` of `@stele/proof` verifies them. */
  readonly statements: readonly Uint8Array[];
}

/** @throws MalformedError `response_malformed` */
export function parseKeyList(answer: Answer): KeyList {
  return {
    origin: answer.field("origin").string(),
    vkey: answer.field("vkey").string(),
    keys: answer
      .field("keys")
      .items()
      .map((key) => ({
        vkey: key.field("vkey").string(),
        fromSize: key.field("from_size").integer(),
        toSize: key.has("to_size") ? key.field("to_size").integer() : undefined,
        isRetired: key.field("retired").boolean(),
      })),
    statements: answer
      .field("statements")
      .items()
      .map((statement) => encodeUtf8(statement.string())),
  };
}
