import type { Alarm } from "@stele/client";
import {
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import { useClient } from "./client.ts";

/** An alarm with its evidence. Asked for only if `wanted`: evidence can be 256 KiB. */
export function useAlarm(id: string, wanted: boolean): UseQueryResult<Alarm> {
  const client = useClient();
  return useQuery({
    queryKey: ["alarm", id],
    queryFn: ({ signal }) => client.alarms.get(id, { signal }),
    enabled: wanted,
  });
}

/** Says that somebody has seen an alarm, with a note; the status that is shown follows. */
export function useAcknowledge(id: string): UseMutationResult<Alarm, Error, string> {
  const client = useClient();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (note) => client.alarms.acknowledge(id, note === "" ? undefined : note),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["status"] }),
  });
}
