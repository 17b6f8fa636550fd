import { memo } from "react";
import { Foreign } from "../../ui/foreign.tsx";
import { OutcomeBadge } from "../../ui/outcome.tsx";
import { Time } from "../../ui/time.tsx";
import { ALL_COLUMNS } from "./columns.ts";
import { CELL_LENGTH_MAX, type ResultRowProps } from "./result-row.tsx";
import classes from "./result-table.module.css";

const ACTOR = ALL_COLUMNS.find(({ name }) => name === "actor")!;
const TARGET = ALL_COLUMNS.find(({ name }) => name === "target")!;

/** One event in two lines, for narrow screens. */
export const ResultCard = memo(function ResultCard(props: ResultRowProps) {
  const { id, position, height, row, isCurrent, isOpen } = props;
  const target = row && TARGET.text(row);
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
      <div role="gridcell" aria-colindex={1} className={classes["card"]}>
        {row ? (
          <>
            <div className={classes["line"]}>
              <strong className={classes["cell"]}>
                <Foreign text={row.entry.action} />
              </strong>
              <OutcomeBadge outcome={row.entry.outcome} />
            </div>
            <div className={classes["line"]}>
              <span className={classes["cell"]}>
                <Foreign text={ACTOR.text(row) ?? ""} lengthMax={CELL_LENGTH_MAX} />
                {target !== undefined && " → "}
                {target !== undefined && <Foreign text={target} lengthMax={CELL_LENGTH_MAX} />}
              </span>
              <Time value={row.entry.occurred_at} seconds />
            </div>
          </>
        ) : (
          <>
            <div className={classes["absent"]} />
            <div className={classes["absent"]} />
          </>
        )}
      </div>
    </div>
  );
});
