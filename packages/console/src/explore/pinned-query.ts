import { formatQuery, parseQuery, QUERY_LENGTH_MAX, QueryError } from "@stele/query";

/**
 * The query with its distances into the past (`after:-24h`) as points in time, so that it means the same each time that
 * it is asked. A query that can't be read stays as it is: the node says what is wrong with it.
 */
export function pinnedQuery(text: string, nowMs: number): string {
  try {
    const pinned = formatQuery(parseQuery(text, { nowMs }));
    return pinned.length <= QUERY_LENGTH_MAX ? pinned : text;
  } catch (error) {
    if (error instanceof QueryError) return text;
    throw error;
  }
}
