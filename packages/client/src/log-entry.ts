import { MalformedError } from "@stele/proof";
import type { Answer } from "./answer.ts";
import type { Entry } from "./event.ts";

export interface LogEntry {
  /** The leaf index. */
  readonly index: number;
  /**
   * How far it got, as the node says: `committed`, `witnessed` (under a checkpoint that a quorum of witnesses cosigned; only where
   * a policy asks for one), `sealed`. Each means that those before it were reached. Undefined if the node is too old to say.
   */
  readonly state?: string;
  readonly entry: Entry;
}

/** @throws MalformedError `response_malformed` */
export function parseLogEntry(answer: Answer): LogEntry {
  const index = answer.field("index").integer();
  const entry = answer.field("entry").object();
  const state = answer.has("state") ? answer.field("state").string() : undefined;
  if (isEntry(entry)) return { index, ...(state !== undefined && { state }), entry };
  throw new MalformedError("response_malformed", `The node's answer: entry ${index} is not an entry`);
}

/** Whether it has what every entry has, in the types that entries have. The rest is the node's word, as all of it is without a proof. */
function isEntry(value: Partial<Entry>): value is Entry {
  const { v, id, occurred_at, received_at, action, outcome, actor, targets = [], context = {} } = value;
  return (
    v === 1 &&
    [id, occurred_at, received_at, action, outcome, actor?.id, actor?.type].every(isString) &&
    [actor?.name, value.tenant, value.reason].every(isStringIfAny) &&
    Array.isArray(targets) &&
    targets.every((target) => isString(target?.id) && [target.type, target.name].every(isStringIfAny)) &&
    isObject(context) &&
    Object.entries(context).every(([name, text]) => name === "location" || isString(text)) &&
    (value.source === undefined || (isObject(value.source) && isString(value.source.id)))
  );
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isStringIfAny(value: unknown): boolean {
  return value === undefined || isString(value);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
