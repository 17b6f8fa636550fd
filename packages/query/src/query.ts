import type { AddressRange } from "./address-range.ts";
import type { Pattern } from "./pattern.ts";

/** The fields whose values are text, compared whole and case-sensitively; `*` is a wildcard in all but `outcome`. */
export const TEXT_FIELDS = [
  "id",
  "action",
  "actor",
  "actor_type",
  "target",
  "tenant",
  "outcome",
  "source",
  "request_id",
  "trace_id",
  "session_id",
] as const;

/** The values that `outcome` has. */
export const OUTCOMES: readonly string[] = ["success", "failure", "denied", "unknown"];

export type TextField = (typeof TEXT_FIELDS)[number];

/** A field of the entry is equal to, or matches the wildcards of, one of `anyOf`. For `target`: any target's id is. */
export interface FieldTerm {
  readonly kind: "field";
  readonly field: TextField;
  readonly anyOf: readonly Pattern[];
  readonly negated: boolean;
}

/**
 * The value at `path` inside the entry's `metadata` is a string that matches, a number equal to, or a boolean spelled
 * as, one of `anyOf`. A segment of decimal digits also steps into an array.
 */
export interface MetadataTerm {
  readonly kind: "metadata";
  readonly path: readonly string[];
  readonly anyOf: readonly Pattern[];
  readonly negated: boolean;
}

/** `context.ip` is inside one of the ranges. */
export interface AddressTerm {
  readonly kind: "address";
  readonly anyOf: readonly AddressRange[];
  readonly negated: boolean;
}

export type TimeField = "occurred_at" | "received_at";

/** The time is at or after (`after`), or strictly before (`before`), `ms` milliseconds since 1970. */
export interface TimeTerm {
  readonly kind: "time";
  readonly field: TimeField;
  readonly edge: "after" | "before";
  readonly ms: number;
  readonly negated: boolean;
}

/** The text occurs somewhere in the entry, in capital or small letters. */
export interface FreeTextTerm {
  readonly kind: "text";
  readonly text: string;
  readonly negated: boolean;
}

export type Term = FieldTerm | MetadataTerm | AddressTerm | TimeTerm | FreeTextTerm;

/**
 * What to search for: an entry is a hit when every term holds. No terms: every entry is. A `negated` term holds
 * when its condition does not, also where the field is absent.
 */
export interface Query {
  readonly terms: readonly Term[];
}

/** In UTF-16 code units, over all parameters. */
export const QUERY_LENGTH_MAX = 4096;

/** Each value of a list counts as a term: all of them may have to be looked for in every entry. */
export const QUERY_TERMS_MAX = 64;
