import type { LogEntry } from "@stele/client";
import { memo } from "react";
import { EventState } from "../../ui/event-state.tsx";
import { Foreign, visibleBeginning } from "../../ui/foreign.tsx";
import { formatCount } from "../../ui/format-number.ts";
import { OutcomeBadge } from "../../ui/outcome.tsx";
import { Time } from "../../ui/time.tsx";
import type { Column } from "./columns.ts";
import classes from "./result-table.module.css";

/** More than fits into a line. */
export const CELL_LENGTH_MAX = 200;

export interface ResultRowProps {
  readonly id: string;
  readonly position: number;
  readonly height: number;
  /** Undefined while it loads. */
  readonly row: LogEntry | undefined;
  readonly columns: readonly Column[];
  /** Whether keys act upon it. */
  readonly isCurrent: boolean;
  /** Whether its event is open. */
  readonly isOpen: boolean;
}

/** One event in a line. Presses are heard by the grid around it. */
export const ResultRow = memo(function ResultRow(props: ResultRowProps) {
  const { id, position, height, row, columns, isCurrent, isOpen } = props;
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={position + 2}
      aria-selected={isOpen}
      data-row={position}
      data-current={isCurrent || undefined}
      className={classes["row"]}
      style={{ top: position * height, height }}
    >
      {columns.map((column, i) => (
        <div key={column.name} role="gridcell" aria-colindex={i + 1} className={classes["cell"]}>
          {row ? <Cell column={column} row={row} /> : <div className={classes["absent"]} />}
        </div>
      ))}
    </div>
  );
});

function Cell({ column, row }: { readonly column: Column; readonly row: LogEntry }) {
  const text = column.text(row);
  if (text === undefined) return undefined;
  switch (column.kind) {
    case "time":
      return <Time value={text} />;
    case "outcome":
      return <OutcomeBadge outcome={text} />;
    case "state":
      return <EventState state={text} />;
    case "number":
      return <span className="tabular">{formatCount(Number(text))}</span>;
    case "mono":
    case "text":
      return (
        <span title={visibleBeginning(text)} className={column.kind === "mono" ? "mono" : ""}>
          <Foreign text={text} lengthMax={CELL_LENGTH_MAX} />
        </span>
      );
  }
}
