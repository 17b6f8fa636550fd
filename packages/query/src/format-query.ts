import { formatAddressRange } from "./address-range.ts";
import { fieldName } from "./field.ts";
import type { Pattern } from "./pattern.ts";
import type { Query, Term } from "./query.ts";

/**
 * The query in the query language, in its canonical form: `parseQuery` reads an equal query back (if the text is not
 * too long for it). Times are written in UTC.
 */
export function formatQuery(query: Query): string {
  return query.terms.map((term) => (term.negated ? "-" : "") + formatTerm(term)).join(" ");
}

function formatTerm(term: Term): string {
  switch (term.kind) {
    case "field":
    case "metadata":
      return `${fieldName(term)}:${term.anyOf.map(formatPattern).join(",")}`;
    case "address":
      return `${fieldName(term)}:${term.anyOf.map(formatAddressRange).join(",")}`;
    case "time":
      return `${fieldName(term)}:${new Date(term.ms).toISOString()}`;
    case "text":
      return needsQuotes(term.text) ? `"${escapeQuoted(term.text)}"` : term.text;
  }
}

function formatPattern(pattern: Pattern): string {
  const text = pattern.map((piece) => escapeQuoted(piece).replaceAll("*", "\\*")).join("*");
  return pattern.some(needsQuotes) ? `"${text}"` : text;
}

/** Whether a character has a meaning of its own outside quotes, other than `*`. */
function needsQuotes(text: string): boolean {
  return /[\s",:\\]|^-/.test(text);
}

function escapeQuoted(text: string): string {
  return text.replaceAll(/["\\]/g, "\\$&");
}
