import { Button } from "@mantine/core";
import { IconArrowsSort } from "@tabler/icons-react";
import { useExplore } from "../use-explore.ts";

/** Which end of the log is at the top of the table; a press turns it round. */
export function OrderButton() {
  const { search, change } = useExplore();
  const isOldest = search.order === "oldest";
  return (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<IconArrowsSort size={16} aria-hidden />}
      onClick={() => change({ order: isOldest ? undefined : "oldest" })}
    >
      {isOldest ? "Oldest first" : "Newest first"}
    </Button>
  );
}
