import type { Entry, Party } from "@stele/client";
import type { ExactTerm } from "@stele/query";

/** One line of the list of an event's fields. */
export interface FieldRow {
  readonly label: string;
  readonly kind: "text" | "time" | "outcome";
  readonly text: string;
  /** How a query asks for it, if it can. */
  readonly term?: ExactTerm;
}

/** The fields of an event that have a name, in the order of who, what, when, where. What is free data is not among them. */
export function fieldRows(entry: Entry): FieldRow[] {
  const { actor, on_behalf_of: behalf, targets = [], context = {}, source } = entry;
  const rows: (FieldRow | undefined)[] = [
    row("Actor", actor.id, "actor"),
    row("Actor name", actor.name),
    row("Actor type", actor.type, "actor_type"),
    behalf && row("On behalf of", partyText(behalf)),
    row("Action", entry.action, "action"),
    { label: "Outcome", kind: "outcome", text: entry.outcome, term: term("outcome", entry.outcome) },
    row("Reason", entry.reason),
    ...targets.map((target, i) =>
      row(targets.length === 1 ? "Target" : `Target ${i + 1}`, partyText(target), "target", target.id),
    ),
    { label: "Occurred", kind: "time", text: entry.occurred_at },
    { label: "Received", kind: "time", text: entry.received_at },
    row("IP address", context.ip, "ip"),
    row("User agent", context.user_agent),
    row("Location", typeof context.location === "string" ? context.location : undefined),
    row("Request", context.request_id, "request_id"),
    row("Trace", context.trace_id, "trace_id"),
    row("Session", context.session_id, "session_id"),
    row("Tenant", entry.tenant, "tenant"),
    row("Source", source?.id, "source"),
    row("Number in source", source?.seq === undefined ? undefined : String(source.seq)),
    row("Event id", entry.id, "id"),
  ];
  return rows.filter((one) => one !== undefined);
}

function row(label: string, text: string | undefined, field?: string, value = text): FieldRow | undefined {
  if (text === undefined) return undefined;
  return { label, kind: "text", text, ...(field !== undefined && { term: term(field, value ?? "") }) };
}

function term(field: string, value: string): ExactTerm {
  return { field, value };
}

function partyText({ type = "", id, name }: Party): string {
  return name === undefined ? `${type} ${id}` : `${type} ${id} (${name})`;
}

const PARTY_KEYS = new Set(["type", "id", "name"]);

/** What else a producer put in: by the name of the place. Each is any value of JSON. */
export function freeData(entry: Entry): { readonly label: string; readonly value: unknown }[] {
  const { actor, on_behalf_of: behalf, targets = [], context, metadata } = entry;
  const location = context?.location;
  const parts = [
    { label: "Metadata", value: metadata },
    { label: "More of the actor", value: more(actor) },
    { label: "More of the one on whose behalf", value: behalf && more(behalf) },
    ...targets.map((target, i) => ({ label: `More of target ${i + 1}`, value: more(target) })),
    { label: "Location", value: typeof location === "object" ? location : undefined },
  ];
  return parts.filter(({ value }) => value !== undefined);
}

function more(party: Party): object | undefined {
  const entries = Object.entries(party).filter(([key]) => !PARTY_KEYS.has(key));
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}
