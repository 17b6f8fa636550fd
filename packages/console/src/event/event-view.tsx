import { useQuery } from "@tanstack/react-query";
import { useClient } from "../api/client.ts";
import { ErrorPanel, LoadingRows } from "../ui/states.tsx";

interface EventViewProps {
  readonly log: string;
  readonly index: number;
}

/** One event, with its proof: on a page of its own, and beside the table of the explore page. */
export function EventView({ log, index }: EventViewProps) {
  const client = useClient(log);
  const { data, error, refetch } = useQuery({
    queryKey: ["event", log, index],
    queryFn: ({ signal }) => client.get(index, { signal }),
    // An entry never changes.
    staleTime: Infinity,
  });
  if (error)
    return <ErrorPanel title="The event can't be shown" error={error} retry={() => void refetch()} />;
  if (!data) return <LoadingRows rows={8} />;
  return <h2>{data.entry.action}</h2>;
}
