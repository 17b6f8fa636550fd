import { fieldName, findField } from "./field.ts";
import { formatValue } from "./format-query.ts";
import { QUERY_LENGTH_MAX } from "./query.ts";
import { contentOf, termPlaces, valueParts } from "./term-places.ts";
import type { Place, TermPlace, ValuePlace } from "./term-places.ts";

/** A field's name is being typed, or a text that may become one. `[from, to)` is what a name, and its colon, replaces. */
export interface FieldCompletion extends Place {
  readonly kind: "field";
  /** What of it stands before the cursor. */
  readonly prefix: string;
}

/** A value is being typed. `[from, to)` is what another value replaces, quotes included. */
export interface ValueCompletion extends Place {
  readonly kind: "value";
  /** The name of a field that there is, as `formatQuery` writes it. */
  readonly field: string;
  /** What of it stands before the cursor, without quotes and escapes. */
  readonly prefix: string;
  /** The query without this term: what the values that there may be are to be counted under. */
  readonly rest: string;
}

export type Completion = FieldCompletion | ValueCompletion;

/**
 * What can be completed at the cursor (0 to the length of the text, in UTF-16 code units), whatever the text is. Undefined
 * where nothing can: in quoted free text, behind a mistake, in front of a term.
 */
export function completionAt(text: string, cursor: number): Completion | undefined {
  if (text.length > QUERY_LENGTH_MAX) return undefined;
  const term = termPlaces(text).find(({ from, to }) => from <= cursor && cursor <= to);
  if (term === undefined) return { kind: "field", prefix: "", from: cursor, to: cursor };

  const { name, values } = term;
  if (name !== undefined && cursor <= name.to) {
    return fieldCompletion(text, cursor, { from: name.from, to: name.to + 1 });
  }
  const value = values.findLast((place) => place.from <= cursor);
  if (value === undefined || (term.rest !== undefined && cursor > term.rest.from)) return undefined;
  if (name !== undefined) return valueCompletion(text, cursor, term, name, value);
  return value.quoted || cursor > value.to ? undefined : fieldCompletion(text, cursor, value);
}

function fieldCompletion(text: string, cursor: number, { from, to }: Place): FieldCompletion | undefined {
  // In front of a term, somebody is about to write another one.
  if (cursor < from || (cursor === from && from < to)) return undefined;
  return { kind: "field", prefix: text.slice(from, cursor), from, to };
}

function valueCompletion(
  text: string,
  cursor: number,
  term: TermPlace,
  name: Place,
  value: ValuePlace,
): ValueCompletion | undefined {
  const field = findField(text.slice(name.from, name.to));
  if (typeof field === "string") return undefined;

  const content = contentOf(value);
  const typed = valueParts(text, { from: content.from, to: Math.min(cursor, content.to) });
  // The other terms are inside a quote that is not closed yet, or closed by the next one that follows: a word is enough.
  const isWord = value.isOpen || (term.rest !== undefined && value === term.values.at(-1));
  const wordEnd = cursor + text.slice(cursor).search(/\s|$/);
  const behind = isWord ? text.slice(wordEnd) : text.slice(term.to);
  return {
    kind: "value",
    field: fieldName(field),
    prefix: typed.map(({ stands }) => stands).join(""),
    from: value.from,
    to: isWord ? wordEnd : value.to,
    rest: text.slice(0, term.from) + behind.trimStart(),
  };
}

/**
 * The text with `chosen` in the place that is being completed: the name of a field (`metadata.` stays without a colon), or
 * a value, which may be any that an event has. The cursor is behind it.
 *
 * @throws MalformedError `query_invalid` for a value that no query can name ({@link formatValue})
 */
export function applyCompletion(
  text: string,
  completion: Completion,
  chosen: string,
): { text: string; cursor: number } {
  const { kind, from, to } = completion;
  const inserted = kind === "value" ? formatValue(chosen) : chosen.endsWith(".") ? chosen : `${chosen}:`;
  return { text: text.slice(0, from) + inserted + text.slice(to), cursor: from + inserted.length };
}
