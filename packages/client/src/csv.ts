import type { LogEntry } from "./log-entry.ts";

interface CsvColumn {
  readonly title: string;
  readonly value: (event: LogEntry) => string;
}

const COLUMNS: readonly CsvColumn[] = [
  { title: "index", value: ({ index }) => String(index) },
  { title: "occurred_at", value: ({ entry }) => entry.occurred_at },
  { title: "received_at", value: ({ entry }) => entry.received_at },
  { title: "id", value: ({ entry }) => entry.id },
  { title: "action", value: ({ entry }) => entry.action },
  { title: "outcome", value: ({ entry }) => entry.outcome },
  { title: "actor_type", value: ({ entry }) => entry.actor.type },
  { title: "actor_id", value: ({ entry }) => entry.actor.id },
  { title: "actor_name", value: ({ entry }) => entry.actor.name ?? "" },
  { title: "on_behalf_of", value: ({ entry }) => entry.on_behalf_of?.id ?? "" },
  { title: "target_types", value: ({ entry }) => listOf(entry.targets?.map(({ type }) => type ?? "")) },
  { title: "target_ids", value: ({ entry }) => listOf(entry.targets?.map(({ id }) => id)) },
  { title: "tenant", value: ({ entry }) => entry.tenant ?? "" },
  { title: "ip", value: ({ entry }) => entry.context?.ip ?? "" },
  { title: "request_id", value: ({ entry }) => entry.context?.request_id ?? "" },
  { title: "source_id", value: ({ entry }) => entry.source?.id ?? "" },
  { title: "source_seq", value: ({ entry }) => String(entry.source?.seq ?? "") },
  { title: "reason", value: ({ entry }) => entry.reason ?? "" },
  { title: "changes", value: ({ entry }) => jsonOf(entry.changes) },
  { title: "metadata", value: ({ entry }) => jsonOf(entry.metadata) },
  { title: "entry", value: ({ entry }) => JSON.stringify(entry) },
];

/** The first line. */
export const CSV_HEADER = rowOf(COLUMNS.map(({ title }) => title));

/**
 * One event as a line of RFC 4180. The last cell is the whole entry as JSON. No cell is taken for a formula: where one would
 * be, an apostrophe is in front.
 */
export function csvRow(event: LogEntry): string {
  return rowOf(COLUMNS.map(({ value }) => cell(value(event))));
}

function rowOf(cells: readonly string[]): string {
  return `${cells.join(",")}\r\n`;
}

/**
 * Spreadsheets run what begins with one of these as a formula, and events are written by strangers. An apostrophe in front
 * says that it is text (OWASP, CSV injection); white space in front doesn't hide the character.
 */
const FORMULA = /^\s*[=+\-@\t\r\n|%\uff0b\uff0d\uff1d\uff20]/u;

function cell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /["',;\s]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Several values in one cell; more than one as JSON, since an id may have any separator. */
function listOf(values: readonly string[] = []): string {
  return values.length > 1 ? JSON.stringify(values) : (values[0] ?? "");
}

function jsonOf(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value);
}
