/** What the URL of the live page says. */
export interface LiveSearch {
  /** In the query language. */
  readonly q?: string;
  /** The first leaf index; what comes from now on unless told. */
  readonly from?: number;
}

const QUERY_LENGTH_MAX = 4_096;

/** Keeps of a URL what is understood. */
export function liveSearch({ q, from }: Record<string, unknown>): LiveSearch {
  // The router reads `q=5` as a number.
  const query = typeof q === "number" ? String(q) : q;
  return {
    ...(typeof query === "string" && query !== "" && query.length <= QUERY_LENGTH_MAX && { q: query }),
    ...(Number.isSafeInteger(from) && Number(from) >= 0 && { from: Number(from) }),
  };
}
