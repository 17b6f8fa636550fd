import { ActionIcon, Button, Checkbox, Group, Popover, Stack } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconColumns3, IconMinus, IconPlus } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { formatCount } from "../../ui/format-number.ts";
import { useExplore } from "../use-explore.ts";
import { columnWidth } from "./column-widths.ts";
import { ALL_COLUMNS, columnsText, type Column } from "./columns.ts";
import type { ColumnSizes } from "./use-column-sizes.ts";
import classes from "./result-table.module.css";

const STEP_PX = 24;

interface ColumnsMenuProps {
  readonly columns: readonly Column[];
  readonly sizes: ColumnSizes;
}

/** Which columns there are, and in which order: the URL keeps it. And how wide they are, which this browser keeps. */
export function ColumnsMenu({ columns, sizes }: ColumnsMenuProps) {
  const { change } = useExplore();
  const [said, setSaid] = useState("");
  const resize = ({ name, label }: Column, byPx: number) => {
    const px = columnWidth(sizes.measure(name) + byPx);
    sizes.set({ [name]: px });
    setSaid(`${label} is ${formatCount(px)} pixels wide`);
  };
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
              <Small label={`Make ${column.label} narrower`} onClick={() => resize(column, -STEP_PX)}>
                <IconMinus size={14} aria-hidden />
              </Small>
              <Small label={`Make ${column.label} wider`} onClick={() => resize(column, STEP_PX)}>
                <IconPlus size={14} aria-hidden />
              </Small>
              <Small
                label={`Move ${column.label} to the left`}
                disabled={i === 0}
                onClick={() => swap(i, i - 1)}
              >
                <IconArrowUp size={14} aria-hidden />
              </Small>
              <Small
                label={`Move ${column.label} to the right`}
                disabled={i === columns.length - 1}
                onClick={() => swap(i, i + 1)}
              >
                <IconArrowDown size={14} aria-hidden />
              </Small>
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
            onClick={() => {
              change({ columns: undefined }, { replace: true });
              sizes.reset();
            }}
          >
            The usual ones
          </Button>
          <span role="status" className="spoken">
            {said}
          </span>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

interface SmallProps {
  readonly label: string;
  readonly disabled?: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

function Small({ label, disabled = false, onClick, children }: SmallProps) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={24}
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
    >
      {children}
    </ActionIcon>
  );
}
