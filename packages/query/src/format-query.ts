import { MalformedError } from "@stele/proof";
import { formatAddressRange } from "./address-range.ts";
import { fieldName, findField } from "./field.ts";
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

/**
 * A value as it stands behind the colon of a term that finds exactly it. `:` and `-` mean nothing there.
 *
 * @throws MalformedError `query_invalid` for the few texts that no query can name: `""`, and what has a NUL or half of a
 * surrogate pair in it
 */
export function formatValue(value: string): string {
  if (value === "" || /\0|\p{Surrogate}/u.test(value)) {
    throw new MalformedError(
      "query_invalid",
      "no query can name an empty value, or one with a character that isn't text",
    );
  }
  const text = escapeQuoted(value).replaceAll("*", "\\*");
  return /[\s",]/.test(value) ? `"${text}"` : text;
}

/**
 * The name of the field that is the value at `path` inside `metadata`, for a term.
 *
 * @throws MalformedError `query_invalid` for an empty path or key, and what {@link formatValue} doesn't take
 */
export function metadataField(path: readonly string[]): string {
  const name = fieldName({ kind: "metadata", path });
  if (typeof findField(name) !== "string" && !/\0|\p{Surrogate}/u.test(name)) return name;
  throw new MalformedError("query_invalid", "no query can name this part of metadata");
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
