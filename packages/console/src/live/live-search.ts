/** What the URL of the live page says. */
export interface LiveSearch {
  /** In the query language. */
  readonly q?: string;
}

/** Keeps of a URL what is understood. */
export function liveSearch({ q }: Record<string, unknown>): LiveSearch {
  return typeof q === "string" && q !== "" ? { q } : {};
}
