import type { Pattern } from "./pattern.ts";
import { QUERY_LENGTH_MAX } from "./query.ts";
import { FIELD_NAME } from "./query-reader.ts";

/** A part of a text: `[from, to)`, in UTF-16 code units, as JavaScript indexes strings. */
export interface Place {
  readonly from: number;
  readonly to: number;
}

/** A value, with its quotes. It is empty where one is missing. */
export interface ValuePlace extends Place {
  readonly quoted: boolean;
  /** A quote that is not closed: all that follows is in it. */
  readonly isOpen: boolean;
}

export interface TermPlace extends Place {
  /** `-` is at `from`. */
  readonly negated: boolean;
  /** The name of a field, known or not. Its colon is at `name.to`. Absent for free text. */
  readonly name?: Place;
  /** For free text, one. */
  readonly values: readonly ValuePlace[];
  /** What follows without the space that has to be there. */
  readonly rest?: Place;
}

const QUOTED = /"(?:\\[\\"*,: ]|[^"])*/y;
const FIELD_VALUE = /(?:\\[\\"*,: ]|[^\s,"])*/y;
const FREE_TEXT = /(?:\\[\\"*,: ]|[^\s"])*/y;

/**
 * Where the terms are in a text that somebody is typing: as `parseQuery` reads it up to a mistake, and as well as may be
 * behind it. Does not throw. A text that is too long for a query has none.
 */
export function termPlaces(text: string): TermPlace[] {
  const terms: TermPlace[] = [];
  if (text.length > QUERY_LENGTH_MAX) return terms;
  for (let at = endOf(/\s*/y, text, 0); at < text.length;) {
    const term = termAt(text, at);
    terms.push(term);
    at = endOf(/\s*/y, text, term.to);
  }
  return terms;
}

function termAt(text: string, from: number): TermPlace {
  const negated = text[from] === "-";
  const nameFrom = negated ? from + 1 : from;
  const colonEnd = endOf(FIELD_NAME, text, nameFrom);
  const isField = colonEnd > nameFrom;

  const values = [valueAt(text, colonEnd, isField ? FIELD_VALUE : FREE_TEXT)];
  let end = values[0]?.to ?? colonEnd;
  while (isField && text[end] === ",") {
    const value = valueAt(text, end + 1, FIELD_VALUE);
    values.push(value);
    end = value.to;
  }
  const to = endOf(/\S*/y, text, end);
  return {
    from,
    to,
    negated,
    ...(isField && { name: { from: nameFrom, to: colonEnd - 1 } }),
    values,
    ...(to > end && { rest: { from: end, to } }),
  };
}

function valueAt(text: string, from: number, bare: RegExp): ValuePlace {
  if (text[from] !== '"') return { from, to: endOf(bare, text, from), quoted: false, isOpen: false };
  const end = endOf(QUOTED, text, from);
  return { from, to: Math.min(end + 1, text.length), quoted: true, isOpen: end === text.length };
}

/** Behind what `sticky` matches at `from`; `from` if it does not. */
function endOf(sticky: RegExp, text: string, from: number): number {
  sticky.lastIndex = from;
  return from + (sticky.exec(text)?.[0].length ?? 0);
}

/** The characters of a value, without its quotes. */
export function contentOf(value: ValuePlace): Place {
  return value.quoted
    ? { from: value.from + 1, to: value.isOpen ? value.to : value.to - 1 }
    : { from: value.from, to: value.to };
}

/** `piece` is what a character, or one behind a backslash, stands for; a backslash before another is `invalid`. */
export interface ValuePart extends Place {
  readonly kind: "piece" | "wildcard" | "invalid";
  readonly stands: string;
}

/** The parts of a value's content. */
export function valueParts(text: string, { from, to }: Place): ValuePart[] {
  const parts = text.slice(from, to).matchAll(/\\([\\"*,: ])|\*|\\|[^\\*]+/g);
  return Array.from(parts, ({ 0: part, 1: escaped, index }) => ({
    kind: part === "*" ? "wildcard" : part === "\\" ? "invalid" : "piece",
    stands: escaped ?? part,
    from: from + index,
    to: from + index + part.length,
  }));
}

/** The value as a pattern, undefined if it can't be read. */
export function patternAt(text: string, value: ValuePlace): Pattern | undefined {
  const parts = valueParts(text, contentOf(value));
  if (parts.length === 0 || value.isOpen || parts.some(({ kind }) => kind === "invalid")) return undefined;
  const pieces: [string, ...string[]] = [""];
  for (const { kind, stands } of parts) {
    if (kind === "wildcard") pieces.push("");
    else pieces[pieces.length - 1] += stands;
  }
  return pieces;
}
