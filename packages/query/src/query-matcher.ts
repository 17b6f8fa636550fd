import { parseAddress, rangeIncludes } from "./address-range.ts";
import { freeTextPattern } from "./free-text.ts";
import { matchesMetadata, valueAt } from "./metadata-value.ts";
import { matchesPattern } from "./pattern.ts";
import type { Query, Term, TextField } from "./query.ts";

/** What a query looks at in an entry (docs/spec/entry.md), as JSON.parse gives it. */
export interface ParsedEntry {
  readonly id: string;
  readonly occurred_at: string;
  readonly received_at: string;
  readonly action: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly targets?: readonly { readonly id: string }[];
  readonly context?: {
    readonly ip?: string;
    readonly request_id?: string;
    readonly trace_id?: string;
    readonly session_id?: string;
  };
  readonly outcome: string;
  readonly tenant?: string;
  readonly source?: { readonly id: string };
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Whether an entry is a hit. `text` is the entry itself, `entry` is what JSON.parse makes of it. */
export type QueryMatcher = (entry: ParsedEntry, text: string) => boolean;

/** Decides entry by entry, for the live tail, exactly as the node does in SQL. */
export function matches(query: Query): QueryMatcher {
  const conditions = query.terms.map((term): QueryMatcher => {
    const condition = conditionOf(term);
    return (entry, text) => condition(entry, text) !== term.negated;
  });
  return (entry, text) => conditions.every((condition) => condition(entry, text));
}

function conditionOf(term: Term): QueryMatcher {
  switch (term.kind) {
    case "field":
      return (entry) => {
        const values = valuesOf(entry, term.field);
        return term.anyOf.some((pattern) =>
          values.some((value) => value !== undefined && matchesPattern(pattern, value)),
        );
      };
    case "metadata":
      return (entry) => {
        const value = valueAt(entry.metadata, term.path);
        return term.anyOf.some((pattern) => matchesMetadata(pattern, value));
      };
    case "address":
      return (entry) => {
        const address = parseAddress(entry.context?.ip ?? "");
        return address !== undefined && term.anyOf.some((range) => rangeIncludes(range, address));
      };
    case "time":
      return (entry) => Date.parse(entry[term.field]) >= term.ms === (term.edge === "after");
    case "text": {
      const pattern = new RegExp(freeTextPattern(term.text), "u");
      return (_entry, text) => pattern.test(text);
    }
  }
}

function valuesOf(entry: ParsedEntry, field: TextField): readonly (string | undefined)[] {
  switch (field) {
    case "id":
    case "action":
    case "outcome":
    case "tenant":
      return [entry[field]];
    case "actor":
      return [entry.actor.id];
    case "actor_type":
      return [entry.actor.type];
    case "source":
      return [entry.source?.id];
    case "target":
      return entry.targets?.map((target) => target.id) ?? [];
    case "request_id":
    case "trace_id":
    case "session_id":
      return [entry.context?.[field]];
  }
}
