import type { LogEntry, Party } from "@stele/client";
import { columnsOf, fit, printable } from "./printable.ts";
import type { Output, Style } from "./terminal.ts";

interface Column {
  readonly title: string;
  readonly value: (event: LogEntry) => string;
  /** The widest that it gets on a terminal that is not wide enough for all; undefined: always whole. */
  readonly columnsMax?: number;
}

const COLUMNS: readonly Column[] = [
  { title: "INDEX", value: ({ index }) => String(index) },
  { title: "TIME (UTC)", value: ({ entry }) => entry.occurred_at.slice(0, 19).replace("T", " ") },
  { title: "ACTOR", value: ({ entry }) => entry.actor.name ?? entry.actor.id, columnsMax: 24 },
  { title: "ACTION", value: ({ entry }) => entry.action, columnsMax: 30 },
  { title: "TARGET", value: ({ entry }) => targets(entry.targets ?? []), columnsMax: 32 },
  { title: "OUTCOME", value: ({ entry }) => entry.outcome },
  { title: "IP", value: ({ entry }) => entry.context?.ip ?? "" },
];
const GAP = "  ";
const COLUMN_WIDTH_MIN = 8;

function targets([first, ...others]: readonly Party[]): string {
  if (!first) return "";
  return `${first.name ?? first.id}${others.length > 0 ? ` +${others.length}` : ""}`;
}

/**
 * Shows events as the rows of a table. On a terminal a row is one line, cut where it has to be; elsewhere
 * nothing is cut. Texts of events are made printable.
 */
export class EventTable {
  readonly #output: Output;
  #widths: readonly number[] | undefined;

  constructor(output: Output) {
    this.#output = output;
  }

  /** The rows, each with its line end. The first call comes with the header, and decides how wide columns are. */
  rows(events: readonly LogEntry[]): string {
    const cells = events.map((event) => COLUMNS.map(({ value }) => printable(value(event))));
    let text = "";
    if (!this.#widths) {
      this.#widths = widths(cells, this.#output.columns);
      text = this.#output.style("bold", this.#row(COLUMNS.map(({ title }) => title))) + "\n";
    }
    for (const [i, row] of cells.entries()) {
      const style = STYLES[events[i]!.entry.outcome];
      const line = this.#row(row);
      text += `${style === undefined ? line : this.#output.style(style, line)}\n`;
    }
    return text;
  }

  #row(cells: readonly string[]): string {
    const whole = this.#output.columns === undefined;
    return cells
      .map((cell, i) => {
        const width = this.#widths![i]!;
        return fit(cell, whole ? Math.max(width, columnsOf(cell)) : width);
      })
      .join(GAP)
      .trimEnd();
  }
}

const STYLES: Readonly<Record<string, Style | undefined>> = { failure: "yellow", denied: "red", unknown: "dim" };

/** As wide as the widest cell, then the widest columns give way until a row fits the terminal. */
function widths(rows: readonly (readonly string[])[], terminalColumns: number | undefined): number[] {
  const wide = COLUMNS.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => columnsOf(row[i]!))));
  if (terminalColumns === undefined) return wide;
  const room = terminalColumns - GAP.length * (COLUMNS.length - 1);
  const sum = () => wide.reduce((total, width) => total + width, 0);
  if (sum() <= room) return wide;
  for (const [i, { columnsMax }] of COLUMNS.entries()) wide[i] = Math.min(wide[i]!, columnsMax ?? Infinity);
  while (sum() > room) {
    const widest = COLUMNS.reduce(
      (best, { columnsMax }, i) => (columnsMax !== undefined && wide[i]! > (wide[best] ?? 0) ? i : best),
      -1,
    );
    if (widest < 0 || wide[widest]! <= COLUMN_WIDTH_MIN) break;
    wide[widest]!--;
  }
  return wide;
}
