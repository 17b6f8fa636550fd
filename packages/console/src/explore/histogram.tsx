import { Skeleton } from "@mantine/core";

/** Hits over time. */
export function Histogram() {
  return <Skeleton height={120} animate={false} />;
}
