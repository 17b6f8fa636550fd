import { findField, termOfField } from "./field.ts";
import { QUERY_LENGTH_MAX, QUERY_TERMS_MAX } from "./query.ts";
import type { Query, Term } from "./query.ts";
import { FIELD_NAME, QueryReader } from "./query-reader.ts";
import type { Item } from "./query-reader.ts";

export interface QueryClock {
  /** Milliseconds since 1970, for times such as `-24h`. */
  readonly nowMs: number;
}

/** Query parameters by name. A parameter that was given several times has its values in an array. */
export type QueryParameters = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Reads the query language (docs/operate/search.md).
 *
 * @throws QueryError `query_invalid`
 */
export function parseQuery(text: string, clock: QueryClock): Query {
  return queryFromParameters({ q: text }, clock);
}

/**
 * Reads one query from the parameter `q`, in the query language, and from one parameter for each field, by the name that
 * it has in the language. In the latter, quotes and spaces are characters of the value; `*`, `,` and `\` mean what they do
 * in the language. All of them, also the values of a parameter that is given twice, must hold.
 *
 * @throws QueryError `query_invalid`, with `parameter` for all but `q`; also for a parameter that is no field.
 */
export function queryFromParameters(parameters: QueryParameters, clock: QueryClock): Query {
  const terms: Term[] = [];
  let length = 0;
  for (const [name, given] of Object.entries(parameters)) {
    for (const value of typeof given === "string" ? [given] : (given ?? [])) {
      const reader = new QueryReader(value, name === "q" ? undefined : name);
      length += value.length + (name === "q" ? 0 : name.length);
      if (length > QUERY_LENGTH_MAX) {
        throw reader.error(`a query has at most ${QUERY_LENGTH_MAX} characters`, 0, value.length);
      }
      terms.push(...(name === "q" ? readTerms(reader, clock) : [readParameter(name, reader, clock)]));
      if (terms.reduce((count, term) => count + valueCount(term), 0) > QUERY_TERMS_MAX) {
        throw reader.error(`a query has at most ${QUERY_TERMS_MAX} terms and values`, 0, value.length);
      }
    }
  }
  return { terms };
}

function valueCount(term: Term): number {
  return "anyOf" in term ? term.anyOf.length : 1;
}

function readParameter(name: string, values: QueryReader, { nowMs }: QueryClock): Term {
  const names = new QueryReader(name, name);
  const field = findField(name);
  if (typeof field === "string") throw names.error(field, 0, name.length);
  const items = readList(values, name, () => values.readBare(/,/));
  return termOfField(field, { items, negated: false, nowMs, reader: values });
}

function readTerms(reader: QueryReader, clock: QueryClock): Term[] {
  const terms: Term[] = [];
  for (;;) {
    reader.match(/\s*/y);
    if (reader.atEnd) return terms;
    terms.push(readTerm(reader, clock));
    if (!reader.atEnd && !/\s/.test(reader.next)) {
      throw reader.error("a space is missing here", reader.position, reader.position + 1);
    }
  }
}

function readTerm(reader: QueryReader, { nowMs }: QueryClock): Term {
  const start = reader.position;
  const negated = reader.skip("-");
  if (negated && /^\s?$/.test(reader.next)) throw reader.error("nothing follows the -", start, start + 1);

  const from = reader.position;
  const name = reader.match(FIELD_NAME)?.slice(0, -1);
  if (name === undefined) {
    const { pieces } = reader.readItem(/[\s"]/);
    return { kind: "text", text: pieces.join("*"), negated };
  }
  const field = findField(name);
  if (typeof field === "string") {
    throw reader.error(
      `${field}; to search for a text with a colon, put it in quotes`,
      from,
      from + Math.max(1, name.length),
    );
  }
  const items = readList(reader, name, () => reader.readItem(/[\s,"]/));
  return termOfField(field, { items, negated, nowMs, reader });
}

/** One or more values, with commas in between. */
function readList(reader: QueryReader, name: string, readItem: () => Item): Item[] {
  const items: Item[] = [];
  do {
    const item = readItem();
    if (item.from === item.to) {
      const hint = /\s/.test(reader.next) ? " (without a space before it)" : "";
      throw reader.error(
        `a value for ${name} is missing here${hint}`,
        item.from,
        Math.min(item.from + 1, reader.text.length),
      );
    }
    items.push(item);
  } while (reader.skip(","));
  return items;
}
