import { useQuery } from "@tanstack/react-query";
import { useClient } from "../../api/client.ts";
import { OF_SNAPSHOT_KEY, type Snapshot } from "../snapshot.ts";
import type { RowWindows } from "./row-windows.ts";

interface EventRowOptions {
  readonly event: number | undefined;
  readonly snapshot: Snapshot | undefined;
  readonly order: "newest" | "oldest";
  readonly total: number | undefined;
  readonly windows: RowWindows;
}

/**
 * The row of an event: as many hits are in front of it as there are with a lower leaf index. Undefined until that is known.
 * Of an event that is no hit, the row where it would be.
 */
export function useEventRow({ event, snapshot, order, total, windows }: EventRowOptions): number | undefined {
  const client = useClient();
  const near = event === undefined ? undefined : windows.find(event);
  const isAsked =
    near === undefined && event !== undefined && snapshot !== undefined && event < snapshot.asOf;
  const { data: upTo } = useQuery({
    queryKey: [OF_SNAPSHOT_KEY, "up-to", snapshot?.log, snapshot?.query, event],
    queryFn: async ({ signal }) => {
      const options = { asOf: event! + 1, buckets: 1, signal };
      return (await client.countOverTime(snapshot!.query, options)).total;
    },
    enabled: isAsked,
    staleTime: Infinity,
  });
  if (near !== undefined) return near;
  if (!isAsked || upTo === undefined || total === undefined) return undefined;
  return Math.max(0, order === "newest" ? total - upTo : upTo - 1);
}
