import { Button, Group } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { formatCount } from "../../ui/format-number.ts";
import { useNewer, useRefresh, type Snapshot } from "../snapshot.ts";
import { useIsNarrow } from "../use-is-narrow.ts";
import type { Column } from "./columns.ts";
import type { ColumnSizes } from "./use-column-sizes.ts";
import { ColumnsMenu } from "./columns-menu.tsx";
import { OrderButton } from "./order-button.tsx";
import classes from "./result-table.module.css";

interface TableToolsProps {
  readonly snapshot: Snapshot | undefined;
  readonly columns: readonly Column[];
  readonly sizes: ColumnSizes;
}

/** What is above the table. */
export function TableTools({ snapshot, columns, sizes }: TableToolsProps) {
  const isNarrow = useIsNarrow();
  const { count, isMore } = useNewer(snapshot);
  const refresh = useRefresh();
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
      {!isNarrow && (
        <Group gap="xs" wrap="nowrap" ml="auto">
          <OrderButton />
          <ColumnsMenu columns={columns} sizes={sizes} />
        </Group>
      )}
    </Group>
  );
}
