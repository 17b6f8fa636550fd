import { useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { stalenessOf, type Staleness } from "./staleness.ts";

const LOOK_EVERY_MS = 5_000;

/** Whether what a query shows is old, since its node can't be reached. Once it answers again, so is everything asked again. */
export function useStaleness({
  isError,
  errorUpdatedAt,
  dataUpdatedAt,
}: UseQueryResult): Staleness | undefined {
  const queryClient = useQueryClient();
  const [nowMs, setNowMs] = useState(() => Date.now());
  const [failedMs, setFailedMs] = useState<number>();
  // While rendering, so that no frame shows old values as new ones.
  if (isError && failedMs === undefined) setFailedMs(errorUpdatedAt);
  if (!isError && failedMs !== undefined) setFailedMs(undefined);

  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);

  const staleness =
    dataUpdatedAt === 0 ? undefined : stalenessOf({ nowMs, answeredMs: dataUpdatedAt, failedMs });
  const isStale = staleness !== undefined;
  useEffect(() => {
    if (!isStale) return undefined;
    return () => {
      for (const key of ["nodes", "history", "sources", "session"]) {
        void queryClient.invalidateQueries({ queryKey: [key] });
      }
    };
  }, [isStale, queryClient]);
  return staleness;
}
