import type { ReactNode } from "react";
import classes from "./figures-table.module.css";

interface FiguresTableProps {
  readonly label: string;
  readonly head: readonly string[];
  /** Columns of numbers, by their place: they stand at the right. */
  readonly numbers?: readonly number[];
  readonly children: ReactNode;
}

/** A table that scrolls by itself where it is too wide, also by keyboard. */
export function FiguresTable({ label, head, numbers = [], children }: FiguresTableProps) {
  return (
    <div className={classes["place"]} tabIndex={0} role="region" aria-label={label}>
      <table className={classes["table"]}>
        <thead>
          <tr>
            {head.map((name, i) => (
              <th key={name} scope="col" data-number={numbers.includes(i) || undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** A cell with a number, at the right. */
export function NumberCell({ children }: { readonly children: ReactNode }) {
  return (
    <td data-number className="tabular">
      {children}
    </td>
  );
}
