import type { CountField, TopValues } from "@stele/client";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useClient } from "../../api/client.ts";
import { useCounts } from "../histogram/use-counts.ts";
import { OF_SNAPSHOT_KEY, useSnapshot } from "../snapshot.ts";
import { Turns } from "./turns.ts";

/** A browser keeps six connections to a node: the table has to find one that is free. */
const turns = new Turns(2);

export interface SnapshotTopValues extends TopValues {
  readonly log: string;
}

/** The most frequent values of a field among the snapshot's hits, asked once the histogram is there. Those from before while others are counted. */
export function useTopValues(field: CountField, limit: number): UseQueryResult<SnapshotTopValues> {
  const client = useClient();
  const { data: snapshot, isPlaceholderData: isOldSnapshot } = useSnapshot();
  const { isPlaceholderData: isOldCount, isFetching } = useCounts();
  return useQuery({
    queryKey: [OF_SNAPSHOT_KEY, "top", snapshot?.log, snapshot?.query, snapshot?.asOf, field, limit],
    queryFn: async ({ signal }): Promise<SnapshotTopValues> => {
      const { query, asOf } = snapshot!;
      const top = await turns.run(signal, async () => {
        return await client.topValues(query, field, { limit, asOf, signal });
      });
      return { ...top, log: client.log };
    },
    enabled: snapshot !== undefined && !isOldSnapshot && !isOldCount && !isFetching,
    staleTime: Infinity,
    structuralSharing: false,
    placeholderData: (before) => (before?.log === client.log ? before : undefined),
  });
}
