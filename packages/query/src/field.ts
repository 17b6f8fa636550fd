import { parseAddressRange } from "./address-range.ts";
import type { AddressRange } from "./address-range.ts";
import { exactValue } from "./pattern.ts";
import type { Pattern } from "./pattern.ts";
import { OUTCOMES, TEXT_FIELDS } from "./query.ts";
import type { MetadataTerm, Term, TextField, TimeTerm } from "./query.ts";
import type { Item, QueryReader } from "./query-reader.ts";
import { didYouMean } from "./suggestion.ts";
import { parseTime } from "./time-value.ts";

/** What a field's name in a query stands for. */
export type Field =
  | { readonly kind: "field"; readonly field: TextField }
  | Pick<MetadataTerm, "kind" | "path">
  | { readonly kind: "address" }
  | Pick<TimeTerm, "kind" | "field" | "edge">;

const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ...TEXT_FIELDS.map((field) => [field, { kind: "field", field }] as const),
  ["ip", { kind: "address" }],
  ["after", { kind: "time", field: "occurred_at", edge: "after" }],
  ["before", { kind: "time", field: "occurred_at", edge: "before" }],
  ["received_after", { kind: "time", field: "received_at", edge: "after" }],
  ["received_before", { kind: "time", field: "received_at", edge: "before" }],
]);

/** The names that stand for a field: all but `metadata.…`. */
export const FIELD_NAMES: readonly string[] = [...FIELDS.keys()];

/** The field of that name, or the message that there is none. */
export function findField(name: string): Field | string {
  const field = FIELDS.get(name);
  if (field !== undefined) return field;
  if (name !== "metadata" && !name.startsWith("metadata.")) {
    return `there is no field ${name === "" ? "without a name" : name}${didYouMean(name, FIELD_NAMES)}`;
  }
  const path = parsePath(name.slice("metadata".length));
  return path === undefined
    ? "after metadata comes a path, as in metadata.region"
    : { kind: "metadata", path };
}

/** Reads `.a."b.c".0`. Returns undefined if a segment is empty or badly quoted. */
function parsePath(text: string): string[] | undefined {
  if (!/^(?:\.(?:[^."\\]+|"(?:[^"\\]|\\["\\])+"))+$/.test(text)) return undefined;
  const segments = text.match(/"(?:[^"\\]|\\.)+"|[^."]+/g) ?? [];
  return segments.map((segment) =>
    segment.startsWith('"') ? segment.slice(1, -1).replaceAll(/\\(.)/g, "$1") : segment,
  );
}

/** The name that {@link findField} reads. */
export function fieldName(term: Field): string {
  switch (term.kind) {
    case "field":
      return term.field;
    case "metadata":
      return ["metadata", ...term.path.map(formatSegment)].join(".");
    case "address":
      return "ip";
    case "time":
      return term.field === "occurred_at" ? term.edge : `received_${term.edge}`;
  }
}

function formatSegment(segment: string): string {
  return /[\s.":,\\]/.test(segment) ? `"${segment.replaceAll(/["\\]/g, "\\$&")}"` : segment;
}

export interface TermInput {
  readonly items: readonly Item[];
  readonly negated: boolean;
  readonly nowMs: number;
  /** Where the items were read, for errors. */
  readonly reader: QueryReader;
}

/** @throws QueryError for values that the field can't have. */
export function termOfField(field: Field, input: TermInput): Term {
  const { items, negated } = input;
  switch (field.kind) {
    case "field":
      if (field.field === "outcome") for (const item of items) checkOutcome(item, input);
      return { ...field, anyOf: items.map(patternOf), negated };
    case "metadata":
      return { ...field, anyOf: items.map(patternOf), negated };
    case "address":
      return { ...field, anyOf: items.map((item) => addressOf(item, input)), negated };
    case "time":
      return { ...field, ms: timeOf(items, input), negated };
  }
}

/** Two wildcards in a row are one. */
function patternOf({ pieces }: Item): Pattern {
  const [head, ...rest] = pieces;
  return [head, ...rest.filter((piece, i) => piece !== "" || i === rest.length - 1)];
}

function checkOutcome(item: Item, { reader }: TermInput): void {
  const outcome = exactValue(item.pieces) ?? "*";
  if (OUTCOMES.includes(outcome)) return;
  const hint = didYouMean(outcome, OUTCOMES) || `: it is one of ${OUTCOMES.join(", ")}`;
  throw reader.error(`there is no such outcome${hint}`, item.from, item.to);
}

function addressOf(item: Item, { reader }: TermInput): AddressRange {
  const text = item.pieces.join("*");
  const range = parseAddressRange(text);
  if (range !== undefined) return range;
  const hint = text.includes("*") ? "; instead of a wildcard, write a range" : "";
  throw reader.error(`this is no IP address (10.1.2.3) or range (10.0.0.0/8)${hint}`, item.from, item.to);
}

function timeOf(items: readonly Item[], { reader, nowMs }: TermInput): number {
  const [item, second] = items;
  if (second !== undefined) throw reader.error("only one time can stand here", second.from, second.to);
  const ms = item === undefined ? undefined : parseTime(item.pieces.join("*"), nowMs);
  if (item !== undefined && ms !== undefined) return ms;
  throw reader.error(
    "this is no date (2026-01-31), time (2026-01-31T12:00:00Z) or distance into the past (-24h)",
    item?.from ?? 0,
    item?.to ?? 0,
  );
}
