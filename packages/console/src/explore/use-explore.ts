import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { ExploreSearch } from "./explore-search.ts";

/** The first part of the keys of all queries whose answers the page shows: a refresh asks these again. */
export const EXPLORE_KEY = "explore";

export type ExploreChange = { readonly [K in keyof ExploreSearch]?: ExploreSearch[K] | undefined };

export interface Explore {
  readonly search: ExploreSearch;
  /** What is asked of the node: the query and the time range, in the query language. */
  readonly query: string;
  /** Changes what the URL says; what is `undefined` is taken out of it. `replace` leaves no step to go back to. */
  readonly change: (change: ExploreChange, options?: { readonly replace?: boolean }) => void;
}

/** The state of the explore page. It lives in the URL and nowhere else. */
export function useExplore(): Explore {
  const search: ExploreSearch = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const change = useCallback(
    (changed: ExploreChange, { replace = false } = {}) => {
      void navigate({
        to: "/",
        replace,
        search: (before) => {
          const after = Object.entries({ ...before, ...changed });
          return Object.fromEntries(after.filter(([, value]) => value !== undefined && value !== ""));
        },
      });
    },
    [navigate],
  );
  const { q, from, to } = search;
  const query = useMemo(() => queryText({ q, from, to }), [q, from, to]);
  return { search, query, change };
}

/** The query and the time range as one query. */
export function queryText({ q, from, to }: ExploreChange): string {
  const parts = [q?.trim(), from && `after:${from}`, to && `before:${to}`];
  return parts.filter((part) => part !== undefined && part !== "").join(" ");
}
