import type { SearchPage, SteleClient } from "@stele/client";
import { queryOptions, useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useCallback } from "react";
import { useClient } from "../api/client.ts";
import { useStatus } from "../api/status.ts";
import { pinnedQuery } from "./pinned-query.ts";
import { EXPLORE_KEY, useExplore } from "./use-explore.ts";

/**
 * What a query is asked of: the log as it was, and the query as it was meant, at one moment. Rows, counts and facets are
 * all of the same snapshot, so they agree with each other and stay where they are while the log grows.
 */
export interface Snapshot {
  readonly log: string;
  /** Without distances into the past. */
  readonly query: string;
  /** Only entries with a leaf index below it. */
  readonly asOf: number;
  readonly takenMs: number;
  /** The first page, the newest first. */
  readonly newest: SearchPage;
}

/** Rows that are loaded at one time. */
export const WINDOW_ROWS = 100;
/** A snapshot that nobody looks at any more is taken anew. */
const KEPT_MS = 60_000;
const NEWER_EVERY_MS = 10_000;

/**
 * Keys of queries whose answers are of one snapshot begin with it. Entries never change: a refresh takes another
 * snapshot, and leaves these as they are.
 */
export const OF_SNAPSHOT_KEY = "of-snapshot";

/** Takes the snapshot for a query; the route begins with it before the page is drawn. */
export function snapshotOptions(client: SteleClient, query: string) {
  return queryOptions({
    queryKey: [EXPLORE_KEY, "snapshot", client.log, query],
    queryFn: async ({ signal }): Promise<Snapshot> => {
      const takenMs = Date.now();
      const pinned = pinnedQuery(query, takenMs);
      const newest = await client.searchPage(pinned, { pageSize: WINDOW_ROWS, signal });
      return { log: client.log, query: pinned, asOf: newest.indexedSize, takenMs, newest };
    },
    staleTime: Infinity,
    gcTime: KEPT_MS,
    structuralSharing: false,
  });
}

/** The snapshot for the query of the URL. While another one is taken, the one before, as `isPlaceholderData`. */
export function useSnapshot(): UseQueryResult<Snapshot> {
  const { query } = useExplore();
  const client = useClient();
  return useQuery({
    ...snapshotOptions(client, query),
    // The rows of another log are not shown under this one's name.
    placeholderData: (before) => (before?.log === client.log ? before : undefined),
  });
}

/** Takes the snapshot anew. */
export function useRefresh(): () => void {
  const queries = useQueryClient();
  return useCallback(
    () => void queries.invalidateQueries({ queryKey: [EXPLORE_KEY, "snapshot"] }),
    [queries],
  );
}

/** How many hits came since the snapshot, as far as one page tells; asked only once the log has grown. */
export function useNewer(snapshot: Snapshot | undefined): {
  readonly count: number;
  readonly isMore: boolean;
} {
  const client = useClient();
  const { data: status } = useStatus();
  const indexedSize = status?.logs.find(({ name }) => name === snapshot?.log)?.indexedSize ?? 0;
  const { data } = useQuery({
    queryKey: [OF_SNAPSHOT_KEY, "newer", snapshot?.log, snapshot?.query, snapshot?.asOf],
    queryFn: async ({ signal }) => {
      const { query, asOf } = snapshot!;
      const page = await client.searchPage(query, { pageSize: WINDOW_ROWS, signal });
      const count = page.events.filter(({ index }) => index >= asOf).length;
      return { count, isMore: count === page.events.length && page.nextCursor !== undefined };
    },
    enabled: snapshot !== undefined && indexedSize > snapshot.asOf,
    refetchInterval: ({ state }) => (state.data?.isMore ? false : NEWER_EVERY_MS),
    gcTime: 0,
  });
  return data ?? { count: 0, isMore: false };
}
