import { useParams, useSearch } from "@tanstack/react-router";
import { DEFAULT_LOG } from "../app/log-name.ts";
import type { ExploreSearch } from "../explore/explore-search.ts";
import type { EventTerm } from "./field-rows.ts";

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
export function exploreWith(
  current: ExploreLink,
  term: EventTerm & { readonly negated?: boolean },
): ExploreLink | undefined {
  const { field, value, negated = false } = term;
  const q = [current.q, `${negated ? "-" : ""}${field}:"${value.replaceAll(/["\\*]/g, "\\$&")}"`];
  return { ...current, q: q.filter((part) => part !== undefined).join(" ") };
}
