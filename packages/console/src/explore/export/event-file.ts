import { CSV_HEADER, csvRow, type LogEntry } from "@stele/client";

export type EventFormat = "csv" | "ndjson";

/** What stands in front of the events. */
export function headOf(format: EventFormat): string {
  return format === "csv" ? CSV_HEADER : "";
}

/** One event a line. */
export function linesOf(format: EventFormat, events: readonly LogEntry[]): string {
  return events
    .map(({ index, entry }) =>
      format === "csv" ? csvRow({ index, entry }) : `${JSON.stringify({ index, entry })}\n`,
    )
    .join("");
}

/** `main-20260131T120000Z.csv`: of the log, and when it was made. */
export function eventFileName(log: string, format: EventFormat, ms: number): string {
  return `${log}-${new Date(ms).toISOString().replaceAll(/[-:]|\.\d+/g, "")}.${format}`;
}
