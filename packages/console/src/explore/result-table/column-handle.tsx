import { useRef, type PointerEvent, type RefObject } from "react";
import { columnWidth, gridColumns, type ColumnWidths } from "./column-widths.ts";
import type { Column } from "./columns.ts";
import type { ColumnSizes } from "./use-column-sizes.ts";
import classes from "./result-table.module.css";

interface ColumnHandleProps {
  readonly columns: readonly Column[];
  readonly column: Column;
  readonly sizes: ColumnSizes;
  readonly gridRef: RefObject<HTMLElement | null>;
}

interface Drag {
  readonly fromX: number;
  readonly width: number;
  /** The columns up to this one stay as wide as they are, so that the edge stays under the pointer. */
  readonly before: ColumnWidths;
  now: ColumnWidths;
}

/** The right edge of a column, to be drawn by the pointer; a double click gives it its usual width. The menu of columns does the same by keys. */
export function ColumnHandle({ columns, column, sizes, gridRef }: ColumnHandleProps) {
  const drag = useRef<Drag>(undefined);
  const { name } = column;

  const begin = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0 || !event.isPrimary) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const first = columns.slice(0, columns.indexOf(column)).filter(({ grow }) => grow > 0);
    const measured = first.map((one) => [one.name, columnWidth(sizes.measure(one.name))]);
    const before = { ...sizes.widths, ...(Object.fromEntries(measured) as ColumnWidths) };
    drag.current = { fromX: event.clientX, width: sizes.measure(name), before, now: sizes.widths };
  };
  const move = (event: PointerEvent) => {
    if (!drag.current) return;
    const { fromX, width, before } = drag.current;
    drag.current.now = { ...before, [name]: columnWidth(width + event.clientX - fromX) };
    show(drag.current.now);
  };
  /** Without React, which would go through all rows. */
  const show = (widths: ColumnWidths) => {
    const { template, widthMin } = gridColumns(columns, widths);
    gridRef.current?.style.setProperty("--columns", template);
    gridRef.current?.style.setProperty("--columns-width", `${widthMin}px`);
  };
  const end = () => {
    if (drag.current && drag.current.now !== sizes.widths) sizes.set(drag.current.now);
    drag.current = undefined;
  };
  const cancel = () => {
    if (drag.current) show(sizes.widths);
    drag.current = undefined;
  };

  return (
    <span
      className={classes["handle"]}
      aria-hidden
      onPointerDown={begin}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={cancel}
      onDoubleClick={() => sizes.set({ [name]: undefined })}
    />
  );
}
