import type { LogInfo, NodeStatus } from "@stele/client";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useClient } from "./client.ts";

const STATUS_EVERY_MS = 5_000;
const LOGS_EVERY_MS = 30_000;

/** What the node is at, asked again every few seconds: also while another tab is seen, since this one's title tells of alarms. */
export function useStatus(): UseQueryResult<NodeStatus> {
  const client = useClient();
  return useQuery({
    queryKey: ["status"],
    queryFn: ({ signal }) => client.status({ signal }),
    refetchInterval: STATUS_EVERY_MS,
    refetchIntervalInBackground: true,
  });
}

export function useLogs(): UseQueryResult<LogInfo[]> {
  const client = useClient();
  return useQuery({
    queryKey: ["logs"],
    queryFn: ({ signal }) => client.logs({ signal }),
    refetchInterval: LOGS_EVERY_MS,
  });
}
