import { MalformedError } from "@stele/proof";
import type { Answer } from "./answer.ts";
import type { Entry } from "./event.ts";

export interface LogEntry {
  /** The leaf index. */
  readonly index: number;
  readonly entry: Entry;
}

/** @throws MalformedError `response_malformed` */
export function parseLogEntry(answer: Answer): LogEntry {
  const index = answer.field("index").integer();
  const entry = answer.field("entry").object();
  if (isEntry(entry)) return { index, entry };
  throw new MalformedError("response_malformed", `The node's answer: entry ${index} is not an entry`);
}

/** Whether it has what every entry has. The rest is the node's word, as all of it is without a proof. */
function isEntry(value: Partial<Entry>): value is Entry {
  return (
    value.v === 1 &&
    [value.id, value.occurred_at, value.received_at, value.action, value.outcome].every(isString) &&
    isString(value.actor?.id) &&
    isString(value.actor.type)
  );
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}
