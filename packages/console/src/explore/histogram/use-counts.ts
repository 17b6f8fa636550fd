import type { CountsOverTime } from "@stele/client";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useClient } from "../../api/client.ts";
import { OF_SNAPSHOT_KEY, useSnapshot, type Snapshot } from "../snapshot.ts";
import { useExplore } from "../use-explore.ts";
import { splitOf } from "./split.ts";

const BUCKETS = 100;

export interface SnapshotCounts extends CountsOverTime {
  readonly snapshot: Snapshot;
}

/** The snapshot's hits over time, split as the URL says. While others are counted, those from before. */
export function useCounts(): UseQueryResult<SnapshotCounts> {
  const client = useClient();
  const { search } = useExplore();
  const { data: snapshot, isPlaceholderData } = useSnapshot();
  const split = splitOf(search.split);
  return useQuery({
    queryKey: [OF_SNAPSHOT_KEY, "counts", snapshot?.log, snapshot?.query, snapshot?.asOf, split],
    queryFn: async ({ signal }): Promise<SnapshotCounts> => {
      const { query, asOf } = snapshot!;
      const counts = await client.countOverTime(query, {
        asOf,
        buckets: BUCKETS,
        ...(split !== "none" && { field: split }),
        signal,
      });
      return { ...counts, snapshot: snapshot! };
    },
    enabled: snapshot !== undefined && !isPlaceholderData,
    staleTime: Infinity,
    structuralSharing: false,
    placeholderData: (before) => (before?.snapshot.log === client.log ? before : undefined),
  });
}

/** How many hits the snapshot has; undefined until they are counted. */
export function useTotal(snapshot: Snapshot | undefined): number | undefined {
  const { data } = useCounts();
  if (!snapshot || !data) return undefined;
  const isSame = data.snapshot.query === snapshot.query && data.snapshot.asOf === snapshot.asOf;
  return isSame ? data.total : undefined;
}
