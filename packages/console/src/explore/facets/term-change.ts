import { MalformedError } from "@stele/proof";
import { hasTerm, QUERY_LENGTH_MAX, withoutTerm, withTerm, type ExactTerm } from "@stele/query";

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
    const longer = withTerm(query, term);
    // The URL would not keep it, and everything would be shown.
    return { isSet: false, query: longer.length <= QUERY_LENGTH_MAX ? longer : undefined };
  } catch (error) {
    if (error instanceof MalformedError && error.code === "query_invalid") {
      return { isSet: false, query: undefined };
    }
    throw error;
  }
}
