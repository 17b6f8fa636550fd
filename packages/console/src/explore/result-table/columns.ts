import type { Entry, LogEntry, Party } from "@stele/client";

/** The narrowest a column gets, in pixels; what is left over is shared out by `grow`. */
interface ColumnForm {
  readonly label: string;
  readonly width: number;
  readonly grow: number;
  /** Whose text is of equal width: numbers, times, names that machines made. */
  readonly kind: "text" | "number" | "time" | "outcome" | "state" | "mono";
  /** Undefined where the entry has none. */
  readonly text: (row: LogEntry) => string | undefined;
}

const COLUMNS = {
  time: column("Time", 184, 0, "time", ({ entry }) => entry.occurred_at),
  actor: column("Actor", 130, 3, "text", ({ entry }) => partyText(entry.actor)),
  action: column("Action", 165, 1, "mono", ({ entry }) => entry.action),
  target: column("Target", 150, 3, "text", ({ entry }) => targetsText(entry)),
  outcome: column("Outcome", 90, 0, "outcome", ({ entry }) => entry.outcome),
  ip: column("IP address", 130, 0, "mono", ({ entry }) => entry.context?.ip),
  tenant: column("Tenant", 110, 1, "text", ({ entry }) => entry.tenant),
  source: column("Source", 110, 1, "text", ({ entry }) => entry.source?.id),
  reason: column("Reason", 150, 2, "text", ({ entry }) => entry.reason),
  request_id: column("Request", 130, 1, "mono", ({ entry }) => entry.context?.request_id),
  index: column("Index", 100, 0, "number", ({ index }) => String(index)),
  received: column("Received", 184, 0, "time", ({ entry }) => entry.received_at),
  state: column("State", 110, 0, "state", ({ state }) => state),
  id: column("Event id", 150, 1, "mono", ({ entry }) => entry.id),
  actor_type: column("Actor type", 100, 0, "text", ({ entry }) => entry.actor.type),
  user_agent: column("User agent", 150, 2, "text", ({ entry }) => entry.context?.user_agent),
  trace_id: column("Trace", 130, 1, "mono", ({ entry }) => entry.context?.trace_id),
  session_id: column("Session", 130, 1, "mono", ({ entry }) => entry.context?.session_id),
} as const satisfies Readonly<Record<string, ColumnForm>>;

export type ColumnName = keyof typeof COLUMNS;

export interface Column extends ColumnForm {
  readonly name: ColumnName;
}

export const ALL_COLUMNS: readonly Column[] = (Object.keys(COLUMNS) as ColumnName[]).map((name) => ({
  name,
  ...COLUMNS[name],
}));

export const USUAL_COLUMNS = ["time", "actor", "action", "target", "outcome", "ip"] as const;

/** The columns that a URL names, in its order; what is unknown or there already is left out. The usual ones if nothing is left. */
export function columnsOf(text: string | undefined): readonly Column[] {
  const names = new Set((text ?? "").split(","));
  const found = [...names].flatMap((name) => ALL_COLUMNS.find((one) => one.name === name) ?? []);
  return found.length > 0 ? found : columnsOf(USUAL_COLUMNS.join(","));
}

/** What the URL says of columns; undefined for the usual ones. */
export function columnsText(columns: readonly Column[]): string | undefined {
  const text = columns.map(({ name }) => name).join(",");
  return text === USUAL_COLUMNS.join(",") || text === "" ? undefined : text;
}

function column(
  label: string,
  width: number,
  grow: number,
  kind: ColumnForm["kind"],
  text: ColumnForm["text"],
): ColumnForm {
  return { label, width, grow, kind, text };
}

/** As people call it; the id says who it is. */
function partyText({ id, name }: Party): string {
  return typeof name === "string" && name !== "" && name !== id ? `${name} (${id})` : id;
}

function targetsText({ targets = [] }: Entry): string | undefined {
  const [first, ...others] = targets;
  if (!first) return undefined;
  return others.length === 0 ? partyText(first) : `${partyText(first)} and ${others.length} more`;
}
