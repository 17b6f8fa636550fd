import { ALL_COLUMNS, type Column, type ColumnName } from "./columns.ts";

/** In pixels; a column that isn't named is as wide as it usually is. */
export type ColumnWidths = { readonly [name in ColumnName]?: number };

/** Enough to see that there is something, and to take hold of it. */
const WIDTH_MIN = 48;
const WIDTH_MAX = 1_200;

/** A width that a column may have. */
export function columnWidth(px: number): number {
  return Math.round(Math.min(Math.max(px, WIDTH_MIN), WIDTH_MAX));
}

/** What this browser kept. Whatever is not of this form is left out. */
export function parseColumnWidths(text: string | undefined): ColumnWidths {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
  if (typeof value !== "object" || value === null) return {};
  const kept = new Map<string, unknown>(Object.entries(value));
  const widths = ALL_COLUMNS.flatMap(({ name }) => {
    const px = kept.get(name);
    return typeof px === "number" && Number.isFinite(px) ? [[name, columnWidth(px)]] : [];
  });
  return Object.fromEntries(widths) as ColumnWidths;
}

/** The columns as CSS has them: `grid-template-columns`, and how wide they are at least, in pixels. */
export function gridColumns(
  columns: readonly Column[],
  widths: ColumnWidths,
): { readonly template: string; readonly widthMin: number } {
  const parts = columns.map(({ name, width, grow }) => {
    const own = widths[name];
    if (own !== undefined) return { css: `${own}px`, min: own };
    return { css: grow > 0 ? `minmax(${width}px, ${grow}fr)` : `${width}px`, min: width };
  });
  return {
    template: parts.map(({ css }) => css).join(" "),
    widthMin: parts.reduce((sum, { min }) => sum + min, 0),
  };
}
