import { MalformedError } from "@stele/proof";

/** Where in the query the trouble is. */
export interface QueryPlace {
  /** The text that `offset` counts in: the whole query, or the value (or name) of `parameter`. */
  readonly input: string;
  /** 0-based, in UTF-16 code units, as JavaScript indexes strings; `input.length` if something is missing at the end. */
  readonly offset: number;
  /** ≥ 1, except at the end of the input. */
  readonly length: number;
  /** The query parameter that holds `input`; absent for `q`. */
  readonly parameter?: string | undefined;
}

/** The query can't be understood. `code` is `query_invalid`; the message is for the person who typed it. */
export class QueryError extends MalformedError implements QueryPlace {
  readonly input: string;
  readonly offset: number;
  readonly length: number;
  readonly parameter: string | undefined;

  constructor(message: string, place: QueryPlace) {
    super("query_invalid", place.parameter === undefined ? message : `${place.parameter}: ${message}`);
    this.input = place.input;
    this.offset = place.offset;
    this.length = place.length;
    this.parameter = place.parameter;
  }
}

const EXCERPT_LENGTH = 72;

/** Three lines for a terminal: the message, the part of the query around the place, and carets under the place. */
export function renderQueryError(error: QueryError): string {
  const from = Math.max(0, Math.min(error.offset - EXCERPT_LENGTH / 2, error.input.length - EXCERPT_LENGTH));
  const excerpt = error.input.slice(from, from + EXCERPT_LENGTH).replaceAll(/\p{Cc}/gu, " ");
  const prefix = from > 0 ? "…" : "";
  const suffix = from + EXCERPT_LENGTH < error.input.length ? "…" : "";
  const column = prefix.length + error.offset - from;
  const carets = "^".repeat(Math.max(1, Math.min(error.length, prefix.length + excerpt.length - column)));
  return `${error.message}\n  ${prefix}${excerpt}${suffix}\n  ${" ".repeat(column)}${carets}`;
}
