import { useQuery } from "@tanstack/react-query";
import { useClient } from "./client.ts";

/** When an entry was received: Unix milliseconds. Undefined until it is known, and for no index. */
export function useEntryTime(leafIndex: number | undefined): number | undefined {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ["entry-time", client.log, leafIndex],
    queryFn: async ({ signal }) => Date.parse((await client.get(leafIndex!, { signal })).entry.received_at),
    enabled: leafIndex !== undefined,
    // An entry never changes.
    staleTime: Infinity,
  });
  return data;
}
