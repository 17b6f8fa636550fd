import { RefusedError } from "@stele/client";
import { pinnedQuery } from "../pinned-query.ts";
import { problemOf, type QueryProblem } from "./query-problem.ts";

/** What the node says is wrong with a query that this page could read: that node is of another version. */
export function nodeProblem(error: unknown, text: string): QueryProblem | undefined {
  if (!(error instanceof RefusedError) || error.code !== "query_invalid") return undefined;
  // It was given the canonical form, and its place is one in that.
  const isAsTyped = pinnedQuery(text, 0) === text;
  return problemOf(isAsTyped ? error : { message: error.message }, text);
}
