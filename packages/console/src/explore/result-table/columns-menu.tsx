import { ActionIcon, Button, Checkbox, Group, Popover, Stack } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconColumns3 } from "@tabler/icons-react";
import { useExplore } from "../use-explore.ts";
import { ALL_COLUMNS, columnsText, type Column } from "./columns.ts";
import classes from "./result-table.module.css";

/** Which columns there are, and in which order. The URL keeps it. */
export function ColumnsMenu({ columns }: { readonly columns: readonly Column[] }) {
  const { change } = useExplore();
  const set = (next: readonly Column[]) => change({ columns: columnsText(next) }, { replace: true });
  const others = ALL_COLUMNS.filter((column) => !columns.includes(column));
  const toggle = (column: Column) =>
    set(columns.includes(column) ? columns.filter((one) => one !== column) : [...columns, column]);
  const swap = (i: number, j: number) => {
    const next = [...columns];
    [next[i], next[j]] = [next[j]!, next[i]!];
    set(next);
  };
  return (
    <Popover
      position="bottom-end"
      trapFocus
      returnFocus
      shadow="md"
      middlewares={{ flip: true, shift: true, size: true }}
    >
      <Popover.Target>
        <Button variant="default" size="compact-sm" leftSection={<IconColumns3 size={16} aria-hidden />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes["menu"] ?? ""} aria-label="Columns">
        <Stack gap={2}>
          {columns.map((column, i) => (
            <Group key={column.name} gap={2} wrap="nowrap" mih={28}>
              <Checkbox
                size="xs"
                flex={1}
                label={column.label}
                checked
                disabled={columns.length === 1}
                onChange={() => toggle(column)}
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                size={24}
                aria-label={`Move ${column.label} to the left`}
                disabled={i === 0}
                onClick={() => swap(i, i - 1)}
              >
                <IconArrowUp size={14} aria-hidden />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="gray"
                size={24}
                aria-label={`Move ${column.label} to the right`}
                disabled={i === columns.length - 1}
                onClick={() => swap(i, i + 1)}
              >
                <IconArrowDown size={14} aria-hidden />
              </ActionIcon>
            </Group>
          ))}
          {others.map((column) => (
            <Group key={column.name} mih={28}>
              <Checkbox size="xs" label={column.label} checked={false} onChange={() => toggle(column)} />
            </Group>
          ))}
          <Button
            variant="default"
            size="compact-xs"
            mt={4}
            onClick={() => change({ columns: undefined }, { replace: true })}
          >
            The usual ones
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
