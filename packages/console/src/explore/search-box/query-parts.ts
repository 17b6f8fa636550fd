import { tokens, type TokenKind } from "@stele/query";
import type { QueryProblem } from "./query-problem.ts";

/** A part of the text of a query that looks the same throughout. */
export interface QueryPart {
  readonly text: string;
  /** Undefined for white space. */
  readonly kind: TokenKind | undefined;
  readonly wrong: boolean;
}

/** The whole text in parts, in order. A last part without text is `wrong` where something is missing at the end. */
export function queryParts(text: string, problem: QueryProblem | undefined): QueryPart[] {
  const found = tokens(text);
  const edges = new Set([0, text.length, ...found.flatMap(({ from, to }) => [from, to])]);
  if (problem) edges.add(problem.from).add(problem.to);
  const places = [...edges].toSorted((a, b) => a - b);

  const parts: QueryPart[] = [];
  let at = 0;
  for (const [i, from] of places.slice(0, -1).entries()) {
    const to = places[i + 1]!;
    while (at < found.length && found[at]!.to <= from) at++;
    const token = found[at];
    parts.push({
      text: text.slice(from, to),
      kind: token && token.from <= from ? token.kind : undefined,
      wrong: problem !== undefined && problem.from <= from && to <= problem.to,
    });
  }
  if (problem && problem.from === problem.to) parts.push({ text: "", kind: undefined, wrong: true });
  return parts;
}
