import { useLocalStorage } from "@mantine/hooks";
import { useMemo, type RefObject } from "react";
import { columnWidth, parseColumnWidths, type ColumnWidths } from "./column-widths.ts";
import type { ColumnName } from "./columns.ts";

const NONE: ColumnWidths = {};

export interface ColumnSizes {
  readonly widths: ColumnWidths;
  /** Columns that are named get these widths; those with `undefined` their usual ones. */
  readonly set: (widths: { readonly [name in ColumnName]?: number | undefined }) => void;
  readonly reset: () => void;
  /** How wide a column is now, in pixels, whatever made it so; 0 if it isn't there. */
  readonly measure: (name: ColumnName) => number;
}

/** How wide the columns of the table are: kept in this browser, for its windows are as wide as they are. */
export function useColumnSizes(grid: RefObject<HTMLElement | null>): ColumnSizes {
  const [widths, setWidths, remove] = useLocalStorage({
    key: "stele-column-widths",
    defaultValue: NONE,
    getInitialValueInEffect: false,
    deserialize: parseColumnWidths,
  });
  return useMemo(
    () => ({
      widths,
      set: (changed) => {
        const all = Object.entries({ ...widths, ...changed });
        setWidths(
          Object.fromEntries(
            all.flatMap(([name, px]) => (px === undefined ? [] : [[name, columnWidth(px)]])),
          ),
        );
      },
      reset: remove,
      measure: (name) => headCell(grid.current, name)?.getBoundingClientRect().width ?? 0,
    }),
    [widths, setWidths, remove, grid],
  );
}

function headCell(grid: HTMLElement | null, name: ColumnName): Element | null | undefined {
  return grid?.querySelector(`[data-column="${name}"]`);
}
