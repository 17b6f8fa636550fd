import { OTHER_RANK } from "./member-order.ts";
import { phrase, type Phrase } from "./phrase.ts";

/** How the value of a known key is read and written. */
export type FieldKind =
  | "version"
  | "id"
  | "timestamp"
  | "action"
  | "outcome"
  | "ip"
  | "sequence"
  | "text"
  | "object"
  | "list"
  | "free-object"
  | "free-object-or-string"
  /** Anything, and so `null` is a value and not an absence. */
  | "free"
  | "refused";

/** One known key. All have the same shape: the code that reads them is hot. */
export interface Field {
  readonly key: string;
  readonly kind: FieldKind;
  /** Of a text: its length in code points. Of a list: its items. */
  readonly min: number;
  readonly max: number;
  /** Of an object, or of each item of a list. */
  readonly schema: ObjectSchema;
  /** `"key":` */
  readonly head: Phrase;
  /** The JSON text that is written if the producer left the key out; empty if it is not always the same. */
  readonly fallback: Phrase;
}

/** The keys of an object in the order in which an entry has them. */
export interface ObjectSchema {
  readonly fields: readonly Field[];
  /** The first four bytes of the `head` of each. */
  readonly firstWords: Int32Array;
  /**
   * At `1 + rank`, the rank of the key that followed the one of `rank` last time, and at 0 the first one: a guess, which
   * is nearly always right since a producer writes all of its events alike.
   */
  readonly followers: Uint8Array;
  /** Whether keys that are not among `fields` are free data, and follow them. Otherwise they are refused. */
  readonly open: boolean;
  /** A bit for each field that a producer has to send: `1 << rank`. */
  readonly required: number;
  /** A bit for each field that is written even if the producer left it out. */
  readonly defaulted: number;
}

interface FieldOptions {
  readonly kind: FieldKind;
  readonly min?: number;
  readonly max?: number;
  readonly schema?: ObjectSchema;
  readonly required?: boolean;
  readonly fallback?: string;
}

function schema(keys: Readonly<Record<string, FieldOptions>>, { open = false } = {}): ObjectSchema {
  const options = Object.values(keys);
  const bits = (has: (field: FieldOptions) => boolean): number =>
    options.reduce((mask, field, rank) => (has(field) ? mask | (1 << rank) : mask), 0);
  const fields = Object.entries(keys).map(([key, field]) => ({
    key,
    kind: field.kind,
    min: field.min ?? 0,
    max: field.max ?? Infinity,
    schema: field.schema ?? NO_KEYS,
    head: phrase(`"${key}":`),
    fallback: phrase(field.fallback ?? ""),
  }));
  return {
    fields,
    firstWords: Int32Array.from(fields, ({ head }) => head.words[0]!),
    followers: new Uint8Array(OTHER_RANK + 2),
    open,
    required: bits((field) => field.required === true),
    defaulted: bits((field) => field.fallback !== undefined),
  };
}

const NO_KEYS = schema({});

const NAME = { kind: "text", min: 1, max: 1024 } as const;
const NOTE = { kind: "text", max: 1024 } as const;

const ACTOR = schema(
  { type: { ...NAME, fallback: '"user"' }, id: { ...NAME, required: true }, name: NAME },
  { open: true },
);
const TARGET = schema(
  { type: { ...NAME, required: true }, id: { ...NAME, required: true }, name: NAME },
  { open: true },
);
const CONTEXT = schema({
  ip: { kind: "ip" },
  user_agent: NOTE,
  request_id: NOTE,
  trace_id: NOTE,
  session_id: NOTE,
  location: { kind: "free-object-or-string" },
});
const CHANGE = schema({
  field: { kind: "text", required: true },
  old: { kind: "free" },
  new: { kind: "free" },
});
const SOURCE = schema({ id: { kind: "text", min: 1, max: 256, required: true }, seq: { kind: "sequence" } });

/** docs/spec/entry.md, as data. */
export const ENTRY_SCHEMA = schema({
  v: { kind: "version", fallback: "1" },
  id: { kind: "id", fallback: "" },
  occurred_at: { kind: "timestamp", fallback: "" },
  received_at: { kind: "refused", fallback: "" },
  action: { kind: "action", required: true },
  actor: { kind: "object", schema: ACTOR, required: true },
  on_behalf_of: { kind: "object", schema: ACTOR },
  targets: { kind: "list", schema: TARGET, max: 100 },
  context: { kind: "object", schema: CONTEXT },
  outcome: { kind: "outcome", fallback: '"unknown"' },
  reason: { kind: "text", max: 4096 },
  changes: { kind: "list", schema: CHANGE, max: 1000 },
  tenant: { kind: "text", min: 1, max: 256 },
  source: { kind: "object", schema: SOURCE },
  metadata: { kind: "free-object" },
});

/** Where the value of `id` begins in every entry: behind `{"v":1,"id":"`. */
export const ID_OFFSET = 13;

export const ID_LENGTH_MAX = 128;
export const ACTION_LENGTH_MAX = 128;
