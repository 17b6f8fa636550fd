import { lazy, Suspense } from "react";
import { LoadingRows } from "../ui/states.tsx";

const EventDetails = lazy(async () => ({ default: (await import("./event-details.tsx")).EventDetails }));

interface EventViewProps {
  readonly log: string;
  readonly index: number;
}

/** One event, with its proof: on a page of its own, and beside the table of the explore page, which loads without it. */
export function EventView({ log, index }: EventViewProps) {
  return (
    <Suspense fallback={<LoadingRows rows={10} />}>
      <EventDetails key={`${log}/${index}`} log={log} index={index} />
    </Suspense>
  );
}
