import { Button } from "@mantine/core";
import { EmptyState } from "../ui/states.tsx";
import { useTimeZone } from "../ui/time-zone.tsx";
import { describeRange } from "./time-range/described-range.ts";
import { useNow } from "./time-range/use-now.ts";
import { useExplore } from "./use-explore.ts";

/** In place of the hits, if there are none: what was searched, and how to search more. */
export function NothingFound() {
  const { search, change } = useExplore();
  const { zone } = useTimeZone();
  const nowMs = useNow();
  const { from, to, q } = search;
  const isLimited = from !== undefined || to !== undefined;
  const { meaning } = describeRange({ from, to }, nowMs, zone);
  return (
    <EmptyState title={q === undefined ? "No events in this time" : "Nothing matches"}>
      <p>This searched {meaning}.</p>
      {isLimited && (
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => change({ from: undefined, to: undefined })}
        >
          Search all time
        </Button>
      )}
      {!isLimited && q !== undefined && (
        <Button size="compact-sm" variant="default" onClick={() => change({ q: undefined })}>
          Show all events
        </Button>
      )}
    </EmptyState>
  );
}
