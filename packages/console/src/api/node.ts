import type { HistoryRange, MetricsHistory, NodesOfStore } from "@stele/client";
import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useClient } from "./client.ts";

const NODES_EVERY_MS = 15_000;
/** A step of a range, and not less than ten seconds. */
const HISTORY_EVERY_MS = {
  "1h": 10_000,
  "6h": 10_000,
  "24h": 60_000,
  "7d": 120_000,
  "30d": 120_000,
} as const satisfies Readonly<Record<HistoryRange, number>>;

/** The nodes of the store, as each last said there. */
export function useNodes(): UseQueryResult<NodesOfStore> {
  const client = useClient();
  return useQuery({
    queryKey: ["nodes"],
    queryFn: ({ signal }) => client.nodes({ signal }),
    refetchInterval: NODES_EVERY_MS,
  });
}

/** What the node and the log were at. While another range is on its way, that of the one before. */
export function useHistory(range: HistoryRange): UseQueryResult<MetricsHistory> {
  const client = useClient();
  return useQuery({
    queryKey: ["history", client.log, range],
    queryFn: ({ signal }) => client.history(range, { log: client.log, signal }),
    refetchInterval: HISTORY_EVERY_MS[range],
    placeholderData: keepPreviousData,
    // Comparing a hundred thousand numbers, of which all have moved by a step, costs a frame.
    structuralSharing: false,
  });
}
