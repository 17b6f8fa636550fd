import { parseQuery, QueryError } from "@stele/query";

/** What is wrong with a query, and where in its text. */
export interface QueryProblem {
  readonly message: string;
  /** `[from, to)`, in UTF-16 code units; empty, at the end of the text, where something is missing. */
  readonly from: number;
  readonly to: number;
}

/** Undefined for a query that can be asked. */
export function queryProblem(text: string): QueryProblem | undefined {
  try {
    // Distances into the past are right at any time.
    parseQuery(text, { nowMs: 0 });
    return undefined;
  } catch (error) {
    if (error instanceof QueryError) return problemOf(error, text);
    throw error;
  }
}

/** What a refusal says, of this page or of the node; the whole text if it names no place in it. */
export function problemOf(
  {
    message,
    offset,
    length,
  }: { readonly message: string; readonly offset?: number | undefined; readonly length?: number | undefined },
  text: string,
): QueryProblem {
  if (offset === undefined || offset > text.length) return { message, from: 0, to: text.length };
  return { message, from: offset, to: Math.min(text.length, offset + (length ?? 1)) };
}

/** Whether somebody may be about to write what is missing: there is nothing wrong in front of the cursor at the end. */
export function isUnfinished({ to }: QueryProblem, text: string, cursor: number): boolean {
  return cursor === text.length && to >= text.trimEnd().length;
}
