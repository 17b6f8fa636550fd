import { formatAddressRange, parseAddressRange } from "./address-range.ts";
import { fieldName, findField } from "./field.ts";
import { formatValue } from "./format-query.ts";
import { exactValue } from "./pattern.ts";
import { patternAt, termPlaces } from "./term-places.ts";
import type { TermPlace, ValuePlace } from "./term-places.ts";

// Queries changed by a click. What the person typed, mistakes included, stays as it is.

/** The entries whose field is, or for `negated` is not, exactly the value. */
export interface ExactTerm {
  /** A name as in a query; of metadata, what `metadataField` gives. */
  readonly field: string;
  readonly value: string;
  readonly negated?: boolean;
}

/** Whether a term of the query names the value, alone or in a list. */
export function hasTerm(text: string, term: ExactTerm): boolean {
  return termPlaces(text).some((place) => valuesEqual(text, place, term).length > 0);
}

/**
 * The query, and the entries must have the value (`negated`: must not). A term that says the opposite goes.
 *
 * @throws MalformedError `query_invalid` for a value that no query can name (`formatValue`)
 */
export function withTerm(text: string, term: ExactTerm): string {
  const { field, value, negated = false } = term;
  const added = `${negated ? "-" : ""}${field}:${formatValue(value)}`;
  const rest = withoutTerm(text, { ...term, negated: !negated });
  // One of a list is enough only if all of the list are ruled out.
  const isThere = termPlaces(rest).some(
    (place) => valuesEqual(rest, place, term).length > 0 && (negated || place.values.length === 1),
  );
  return isThere ? rest : append(rest, added);
}

/** The query without the value: without the term, or, where it names others too, without the value in its list. */
export function withoutTerm(text: string, term: ExactTerm): string {
  return rewrite(text, (place) => {
    const found = valuesEqual(text, place, term);
    if (found.length === 0) return text.slice(place.from, place.to);
    const kept = place.values.filter((value) => !found.includes(value));
    const list = kept.map(({ from, to }) => text.slice(from, to)).join(",");
    return kept.length === 0 ? undefined : text.slice(place.from, place.values[0]?.from) + list;
  });
}

/** The ends of a range of time, as they are written behind `after:` and `before:`. */
export interface TimeTexts {
  readonly after?: string;
  readonly before?: string;
}

/** What the query says of the time at which entries occurred; what is said last, if it is said twice. */
export function timeTexts(text: string): TimeTexts {
  const last = (edge: string) =>
    termPlaces(text)
      .filter((place) => isEdge(text, place, edge))
      .map(({ values: [value] }) => value && patternAt(text, value)?.join("*"))
      .findLast((time) => time !== undefined);
  const [after, before] = [last("after"), last("before")];
  return { ...(after !== undefined && { after }), ...(before !== undefined && { before }) };
}

/** The query with these ends of its range of time, in place of those that it has. `{}`: any time. */
export function withTimeTexts(text: string, times: TimeTexts): string {
  const rest = rewrite(text, (place) =>
    isEdge(text, place, "after") || isEdge(text, place, "before")
      ? undefined
      : text.slice(place.from, place.to),
  );
  return (["after", "before"] as const).reduce((result, edge) => {
    const time = times[edge];
    return time === undefined ? result : append(result, `${edge}:${formatValue(time)}`);
  }, rest);
}

function isEdge(text: string, { name, negated, rest }: TermPlace, edge: string): boolean {
  return name !== undefined && !negated && rest === undefined && text.slice(name.from, name.to) === edge;
}

/** The values of the term that are exactly that of `wanted`; none if it is a term about something else. */
function valuesEqual(text: string, place: TermPlace, wanted: ExactTerm): ValuePlace[] {
  const { name, negated, values, rest } = place;
  if (name === undefined || rest !== undefined || negated !== (wanted.negated ?? false)) return [];
  const field = canonicalField(text.slice(name.from, name.to));
  if (field !== canonicalField(wanted.field)) return [];
  return values.filter((value) => {
    const pattern = patternAt(text, value);
    const exact = pattern && exactValue(pattern);
    return exact !== undefined && canonicalValue(field, exact) === canonicalValue(field, wanted.value);
  });
}

function canonicalField(name: string): string {
  const field = findField(name);
  return typeof field === "string" ? name : fieldName(field);
}

function canonicalValue(field: string, value: string): string {
  const range = field === "ip" ? parseAddressRange(value) : undefined;
  return range === undefined ? value : formatAddressRange(range);
}

/** The text with its terms replaced; with one that is left out goes the white space behind it, or at the end before it. */
function rewrite(text: string, replace: (place: TermPlace) => string | undefined): string {
  const places = termPlaces(text);
  let result = "";
  let gap = text.slice(0, places[0]?.from);
  for (const [i, place] of places.entries()) {
    const isLast = i === places.length - 1;
    const term = replace(place);
    if (term !== undefined) {
      result += gap + term;
      gap = text.slice(place.to, places[i + 1]?.from);
    } else if (isLast) gap = "";
  }
  return result + gap;
}

/** In front of the last term if that one would swallow what follows. */
function append(text: string, term: string): string {
  const last = termPlaces(text).at(-1);
  if (last === undefined) return text.trim() === "" ? term : `${term} ${text}`;
  const end = text.slice(last.from, last.to);
  const swallows = last.values.some(({ isOpen }) => isOpen) || end.endsWith("\\") || end === "-";
  if (swallows) return `${text.slice(0, last.from)}${term} ${text.slice(last.from)}`;
  return `${text}${last.to < text.length ? "" : " "}${term}`;
}
