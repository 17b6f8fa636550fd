import { MalformedError } from "@stele/proof";
import { hasTerm, withoutTerm, withTerm, type ExactTerm } from "@stele/query";

export interface TermChange {
  /** Whether the query says it already. */
  readonly isSet: boolean;
  /** The query with the term, or without it if it is there; undefined for a value that no query can name. */
  readonly query: string | undefined;
}

/** What a press on a value does to the query. */
export function termChange(query: string, term: ExactTerm): TermChange {
  if (hasTerm(query, term)) return { isSet: true, query: withoutTerm(query, term) };
  try {
    return { isSet: false, query: withTerm(query, term) };
  } catch (error) {
    if (error instanceof MalformedError && error.code === "query_invalid") {
      return { isSet: false, query: undefined };
    }
    throw error;
  }
}
