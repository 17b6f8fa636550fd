import { Skeleton } from "@mantine/core";

/** The most frequent values of the usual fields, with counts. */
export function Facets() {
  return <Skeleton height={400} animate={false} />;
}
