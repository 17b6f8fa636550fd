import { exactValue } from "./pattern.ts";
import type { Query, TextField, TimeField } from "./query.ts";

/** Milliseconds since 1970; a bound that is absent is open. */
export interface TimeRange {
  /** Inclusive. */
  readonly fromMs?: number;
  /** Exclusive. */
  readonly toMs?: number;
}

/** The field of every hit is one of the values. (For `target`: the id of one of its targets is.) */
export interface RequiredEquals {
  readonly field: TextField;
  readonly values: readonly string[];
}

/** Hits have their time in this range. It may be empty (`toMs` ≤ `fromMs`), and may be wider than needed. */
export function queryTimeRange(query: Query, field: TimeField = "occurred_at"): TimeRange {
  const edges = (edge: "after" | "before") =>
    query.terms.flatMap((term) =>
      term.kind === "time" && term.field === field && term.edge === edge && !term.negated ? [term.ms] : [],
    );
  const [after, before] = [edges("after"), edges("before")];
  return {
    ...(after.length > 0 && { fromMs: Math.max(...after) }),
    ...(before.length > 0 && { toMs: Math.min(...before) }),
  };
}

/** Conditions that all hits fulfil, for leaving out segments whose statistics rule out one of them. */
export function requiredEquals(query: Query): RequiredEquals[] {
  return query.terms.flatMap((term) => {
    if (term.kind !== "field" || term.negated) return [];
    const values = term.anyOf.map(exactValue).filter((value) => value !== undefined);
    return values.length === term.anyOf.length ? [{ field: term.field, values }] : [];
  });
}
