/** What the value of a known key has to be, and how it is written. docs/spec/entry.md is the source. */
export type FieldRule =
  | { readonly kind: "version" | "refused" | "id" | "timestamp" | "action" | "outcome" | "ip" | "sequence" }
  /** Lengths are counted in Unicode code points. */
  | { readonly kind: "text"; readonly charactersMin: number; readonly charactersMax: number }
  | { readonly kind: "object"; readonly schema: ObjectSchema }
  | { readonly kind: "list"; readonly schema: ObjectSchema; readonly itemsMax: number }
  /** Free data: an object; an object or a string; anything, and then `null` is a value and not an absence. */
  | { readonly kind: "free-object" | "free-object-or-string" | "free" };

export interface Field {
  readonly key: string;
  readonly rule: FieldRule;
  /** `"key":` */
  readonly head: Uint8Array;
  /** The JSON text that is written if the producer left the key out; empty if it is not always the same. */
  readonly fallback: Uint8Array;
}

/** The keys of an object in the order in which an entry has them. */
export interface ObjectSchema {
  readonly fields: readonly Field[];
  /** Whether keys that are not among `fields` are free data, and follow them. Otherwise they are refused. */
  readonly open: boolean;
  /** A bit for each field that a producer has to send: `1 << rank`. */
  readonly required: number;
  /** A bit for each field that is written even if the producer left it out. */
  readonly defaulted: number;
}

interface FieldOptions {
  readonly [key: string]: FieldRule & { readonly required?: boolean; readonly fallback?: string };
}

function schema(fields: FieldOptions, { open = false } = {}): ObjectSchema {
  const rules = Object.entries(fields);
  const bits = (has: (rule: FieldOptions[string]) => boolean): number =>
    rules.reduce((mask, [, rule], rank) => (has(rule) ? mask | (1 << rank) : mask), 0);
  return {
    fields: rules.map(([key, rule]) => ({
      key,
      rule,
      head: Buffer.from(`"${key}":`),
      fallback: Buffer.from(rule.fallback ?? ""),
    })),
    open,
    required: bits((rule) => rule.required === true),
    defaulted: bits((rule) => rule.fallback !== undefined),
  };
}

const text = (charactersMin: number, charactersMax: number) =>
  ({ kind: "text", charactersMin, charactersMax }) as const;

const name = text(1, 1024);

const ACTOR = schema(
  { type: { ...name, fallback: '"user"' }, id: { ...name, required: true }, name },
  { open: true },
);
const TARGET = schema(
  { type: { ...name, required: true }, id: { ...name, required: true }, name },
  { open: true },
);
const CONTEXT = schema({
  ip: { kind: "ip" },
  user_agent: text(0, 1024),
  request_id: text(0, 1024),
  trace_id: text(0, 1024),
  session_id: text(0, 1024),
  location: { kind: "free-object-or-string" },
});
const CHANGE = schema({
  field: { ...text(0, Infinity), required: true },
  old: { kind: "free" },
  new: { kind: "free" },
});
const SOURCE = schema({ id: { ...text(1, 256), required: true }, seq: { kind: "sequence" } });

export const ENTRY_SCHEMA = schema({
  v: { kind: "version", fallback: "1" },
  id: { kind: "id", fallback: "" },
  occurred_at: { kind: "timestamp", fallback: "" },
  received_at: { kind: "refused", fallback: "" },
  action: { kind: "action", required: true },
  actor: { kind: "object", schema: ACTOR, required: true },
  on_behalf_of: { kind: "object", schema: ACTOR },
  targets: { kind: "list", schema: TARGET, itemsMax: 100 },
  context: { kind: "object", schema: CONTEXT },
  outcome: { kind: "outcome", fallback: '"unknown"' },
  reason: text(0, 4096),
  changes: { kind: "list", schema: CHANGE, itemsMax: 1000 },
  tenant: text(1, 256),
  source: { kind: "object", schema: SOURCE },
  metadata: { kind: "free-object" },
});

export const OUTCOMES: readonly string[] = ["success", "failure", "denied", "unknown"];

/** Where the value of `id` begins in every entry: behind `{"v":1,"id":"`. */
export const ID_OFFSET = 13;

export const ID_LENGTH_MAX = 128;
export const ACTION_LENGTH_MAX = 128;
