import { Skeleton } from "@mantine/core";

/** The hits. */
export function ResultTable() {
  return <Skeleton height={400} animate={false} />;
}
