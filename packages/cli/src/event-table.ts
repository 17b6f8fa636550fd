import type { LogEntry, Party } from "@stele/client";
import { columnsOf, fit, printable } from "./printable.ts";
import type { Output, Style } from "./terminal.ts";

interface Column {
  readonly title: string;
  readonly value: (event: LogEntry) => string;
  /** How wide it is while nothing is known of the rows. */
  readonly columns: number;
  /** Whether it may be cut on a terminal that is not wide enough. */
  readonly elastic?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: "INDEX", value: ({ index }) => String(index), columns: 9 },
  { title: "TIME (UTC)", value: ({ entry }) => timeOf(entry.occurred_at), columns: 19 },
  { title: "ACTOR", value: ({ entry }) => entry.actor.name ?? entry.actor.id, columns: 22, elastic: true },
  { title: "ACTION", value: ({ entry }) => entry.action, columns: 24, elastic: true },
  { title: "TARGET", value: ({ entry }) => targetsOf(entry.targets ?? []), columns: 26, elastic: true },
  { title: "OUTCOME", value: ({ entry }) => entry.outcome, columns: 7 },
  { title: "IP", value: ({ entry }) => entry.context?.ip ?? "", columns: 15 },
];
/** How far an event got; not shown unless it is asked for. */
const STATE_COLUMN: Column = { title: "STATE", value: ({ state }) => state ?? "unknown", columns: 9 };
const GAP = "  ";
const ELASTIC_COLUMNS_MIN = 8;
const STYLES: Readonly<Record<string, Style | undefined>> = {
  failure: "yellow",
  denied: "red",
  unknown: "dim",
};

function timeOf(occurredAt: string): string {
  return occurredAt.slice(0, 19).replace("T", " ");
}

function targetsOf([first, ...others]: readonly Party[]): string {
  if (!first) return "";
  return `${first.name ?? first.id}${others.length > 0 ? ` +${others.length}` : ""}`;
}

/**
 * Shows events as the rows of a table. On a terminal a row is one line, cut where it has to be; elsewhere
 * nothing is cut. Texts of events are made printable.
 */
export class EventTable {
  readonly #output: Output;
  readonly #columns: readonly Column[];
  #widths: readonly number[] | undefined;

  /** @param options.withState whether a column says how far each event got */
  constructor(output: Output, { withState = false }: { readonly withState?: boolean } = {}) {
    this.#output = output;
    this.#columns = withState ? [...COLUMNS, STATE_COLUMN] : COLUMNS;
  }

  /**
   * The rows, each with its line end. The first call comes with the header, and decides how wide columns are: as
   * wide as its rows need, or as they usually are if it has none.
   */
  rows(events: readonly LogEntry[]): string {
    const rows = events.map((event) => this.#columns.map(({ value }) => printable(value(event))));
    let text = "";
    if (!this.#widths) {
      this.#widths = columnWidths(this.#columns, rows, this.#output.columns);
      const header = this.#line(this.#columns.map(({ title }) => title));
      text = `${this.#output.style("bold", header)}\n`;
    }
    for (const [i, row] of rows.entries()) {
      const style = STYLES[events[i]!.entry.outcome];
      const line = this.#line(row);
      text += `${style === undefined ? line : this.#output.style(style, line)}\n`;
    }
    return text;
  }

  #line(cells: readonly string[]): string {
    const mayCut = this.#output.columns !== undefined;
    return cells
      .map((cell, i) => {
        const width = this.#widths![i]!;
        return fit(cell, mayCut && this.#columns[i]!.elastic ? width : Math.max(width, columnsOf(cell)));
      })
      .join(GAP)
      .trimEnd();
  }
}

/** As wide as the widest cell; then the widest of the elastic columns gives way, until a row fits the terminal. */
function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  terminalColumns: number | undefined,
): number[] {
  const widths = columns.map(({ title, columns: usual }, i) =>
    rows.length === 0 ? usual : Math.max(title.length, ...rows.map((row) => columnsOf(row[i]!))),
  );
  const room = (terminalColumns ?? Infinity) - GAP.length * (columns.length - 1);
  while (widths.reduce((sum, width) => sum + width, 0) > room) {
    const elastic = [...widths.keys()].filter((i) => columns[i]!.elastic);
    const widest = elastic.reduce((best, i) => (widths[i]! > widths[best]! ? i : best));
    if (widths[widest]! <= ELASTIC_COLUMNS_MIN) break;
    widths[widest]!--;
  }
  return widths;
}
