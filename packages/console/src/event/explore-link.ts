import { MalformedError } from "@stele/proof";
import { metadataField, QUERY_LENGTH_MAX, withTerm, type ExactTerm } from "@stele/query";
import { useParams, useSearch } from "@tanstack/react-router";
import { DEFAULT_LOG } from "../app/log-name.ts";
import type { ExploreSearch } from "../explore/explore-search.ts";

interface LogSearch {
  readonly log?: string;
}

/** The search parameters of the explore page, with the log. */
export type ExploreLink = ExploreSearch & LogSearch;

/** What the URL says of the search that the event was found by; on the page of an event, its log alone. */
export function useExploreSearch(): ExploreLink {
  const search: ExploreLink = useSearch({ strict: false });
  const { log } = useParams({ strict: false });
  if (log === undefined) return search;
  return log === DEFAULT_LOG ? {} : { log };
}

/** The search with a term added; undefined if no query can name the value. */
export function exploreWith(current: ExploreLink, term: ExactTerm): ExploreLink | undefined {
  try {
    const q = withTerm(current.q ?? "", term);
    return q.length <= QUERY_LENGTH_MAX ? { ...current, q } : undefined;
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/** How a query names a scalar inside of metadata; undefined if it can't. */
export function metadataTerm(path: readonly string[], value: unknown): ExactTerm | undefined {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return undefined;
  try {
    return { field: metadataField(path), value: String(value) };
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}
