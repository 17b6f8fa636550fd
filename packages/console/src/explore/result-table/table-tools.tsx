import { Button, Group } from "@mantine/core";
import { IconArrowsSort, IconRefresh } from "@tabler/icons-react";
import { formatCount } from "../../ui/format-number.ts";
import { useNewer, useRefresh, type Snapshot } from "../snapshot.ts";
import { useExplore } from "../use-explore.ts";
import type { Column } from "./columns.ts";
import { ColumnsMenu } from "./columns-menu.tsx";
import classes from "./result-table.module.css";

interface TableToolsProps {
  readonly snapshot: Snapshot | undefined;
  readonly columns: readonly Column[];
}

/** What is above the table. */
export function TableTools({ snapshot, columns }: TableToolsProps) {
  const { search, change } = useExplore();
  const { count, isMore } = useNewer(snapshot);
  const refresh = useRefresh();
  const isOldest = search.order === "oldest";
  return (
    <Group gap="xs" wrap="nowrap" className={classes["tools"]}>
      <div role="status">
        {count > 0 && (
          <Button
            size="compact-sm"
            variant="light"
            leftSection={<IconRefresh size={16} aria-hidden />}
            onClick={refresh}
          >
            {formatCount(count)}
            {isMore && "+"} new {count === 1 ? "event" : "events"}
          </Button>
        )}
      </div>
      <Button
        ml="auto"
        variant="default"
        size="compact-sm"
        leftSection={<IconArrowsSort size={16} aria-hidden />}
        onClick={() => change({ order: isOldest ? undefined : "oldest" })}
      >
        {isOldest ? "Oldest first" : "Newest first"}
      </Button>
      <ColumnsMenu columns={columns} />
    </Group>
  );
}
