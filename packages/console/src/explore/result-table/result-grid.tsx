import { VisuallyHidden } from "@mantine/core";
import {
  useEffect,
  useId,
  useRef,
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type RefObject,
} from "react";
import { formatCount } from "../../ui/format-number.ts";
import { useTimeZone } from "../../ui/time-zone.tsx";
import { ColumnHandle } from "./column-handle.tsx";
import { gridColumns } from "./column-widths.ts";
import type { Column } from "./columns.ts";
import { ResultCard } from "./result-card.tsx";
import { ResultRow } from "./result-row.tsx";
import { rowOfKey } from "./row-of-key.ts";
import type { RowWindows } from "./row-windows.ts";
import type { Cursor } from "./use-cursor.ts";
import type { ColumnSizes } from "./use-column-sizes.ts";
import { useRowsInView } from "./use-rows-in-view.ts";
import classes from "./result-table.module.css";

export const ROW_HEIGHT = 32;
export const CARD_HEIGHT = 60;
const HEAD_HEIGHT = 32;

interface ResultGridProps {
  readonly windows: RowWindows;
  /** Changes with what is asked, and not when the same is asked anew. */
  readonly resultKey: string;
  /** Of the table; `total` says how many there would be. */
  readonly rowCount: number;
  readonly total: number | undefined;
  readonly columns: readonly Column[];
  readonly sizes: ColumnSizes;
  readonly isNarrow: boolean;
  readonly order: "newest" | "oldest";
  readonly cursor: Cursor;
  readonly openEvent: number | undefined;
  /** Takes the focus back when what was open closes. */
  readonly gridRef: RefObject<HTMLDivElement | null>;
}

/**
 * The table. Only rows near the view exist. The focus stays on the grid and `aria-activedescendant` names the row, so
 * that it outlives rows that are made and taken away.
 */
export function ResultGrid(props: ResultGridProps) {
  const {
    windows,
    resultKey,
    rowCount,
    total = rowCount,
    columns,
    sizes,
    isNarrow,
    order,
    cursor,
    openEvent,
    gridRef,
  } = props;
  const id = useId();
  const { zone } = useTimeZone();
  const height = isNarrow ? CARD_HEIGHT : ROW_HEIGHT;
  const headHeight = isNarrow ? 0 : HEAD_HEIGHT;
  const { row: current } = cursor;

  const { first, last, pageRows, scrollToRow, scrollToTop } = useRowsInView({
    gridRef,
    rowCount,
    height,
    headHeight,
  });

  useEffect(() => {
    if (first !== undefined && last !== undefined) windows.want(first, last);
  }, [windows, first, last]);
  // The view follows the cursor, and goes to the top of another result. A refresh leaves it where it is.
  const followed = useRef({ current, resultKey });
  useEffect(() => {
    const before = followed.current;
    followed.current = { current, resultKey };
    if (before.current !== current) scrollToRow(current);
    else if (before.resultKey !== resultKey) scrollToTop();
  }, [scrollToRow, scrollToTop, current, resultKey]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter") cursor.open(current);
    else if (event.key === "Escape") cursor.close();
    else {
      const page = Math.max(1, pageRows - 1);
      const to = rowOfKey(event.key, current, { page, rowCount });
      if (to === undefined) return;
      cursor.moveTo(to);
    }
    event.preventDefault();
  };
  const onClick = ({ target }: MouseEvent) => {
    const pressed = target instanceof Element && target.closest<HTMLElement>("[data-row]");
    if (pressed) cursor.open(Number(pressed.dataset["row"]));
  };

  // The current row stays, out of view or not: it is what the focus refers to.
  const positions: number[] = [];
  if (first !== undefined && last !== undefined) {
    for (let position = first; position <= last; position++) positions.push(position);
    if (current < first) positions.unshift(current);
    else if (current > last && rowCount > 0) positions.push(current);
  }
  const { template, widthMin } = gridColumns(columns, sizes.widths);
  const Row = isNarrow ? ResultCard : ResultRow;
  return (
    <div
      ref={gridRef}
      role="grid"
      tabIndex={0}
      aria-label={`Events, the ${order} first`}
      aria-rowcount={total + 1}
      aria-colcount={isNarrow ? 1 : columns.length}
      aria-activedescendant={rowCount > 0 ? `${id}-${current}` : undefined}
      aria-multiselectable={false}
      className={classes["grid"]}
      style={{ "--columns": template, "--columns-width": `${widthMin}px` } as CSSProperties}
      onKeyDown={onKeyDown}
      onClick={onClick}
    >
      <div className={isNarrow ? classes["cards"] : classes["table"]}>
        {isNarrow ? (
          <VisuallyHidden role="row" aria-rowindex={1}>
            <span role="columnheader">Event</span>
          </VisuallyHidden>
        ) : (
          <div role="row" aria-rowindex={1} className={classes["head"]} style={{ height: HEAD_HEIGHT }}>
            {columns.map((column, i) => {
              const { name, kind } = column;
              const label = kind === "time" ? `${column.label} (${zone})` : column.label;
              return (
                <div
                  key={name}
                  data-column={name}
                  role="columnheader"
                  aria-colindex={i + 1}
                  aria-sort={name === "index" ? (order === "newest" ? "descending" : "ascending") : undefined}
                  className={classes["cell"]}
                  title={label}
                >
                  {label}
                  <ColumnHandle columns={columns} column={column} sizes={sizes} gridRef={gridRef} />
                </div>
              );
            })}
          </div>
        )}
        <div role="rowgroup" className={classes["rows"]} style={{ height: rowCount * height }}>
          {positions.map((position) => {
            const row = windows.row(position);
            return (
              <Row
                key={position}
                id={`${id}-${position}`}
                position={position}
                height={height}
                row={row}
                columns={columns}
                isCurrent={position === current}
                isOpen={row !== undefined && row.index === openEvent}
              />
            );
          })}
        </div>
      </div>
      {total > rowCount && rowCount > 0 && (
        <p className={classes["cut"]}>
          These are the first {formatCount(rowCount)} of {formatCount(total)} events. A narrower query or time
          range shows the others.
        </p>
      )}
    </div>
  );
}
