/** Who did something, for whom, or to what: `type`, `id`, `name`, and free data. docs/spec/entry.md. */
export interface Party {
  readonly type?: string;
  readonly id: string;
  readonly name?: string;
  readonly [key: string]: unknown;
}

export type Outcome = "success" | "failure" | "denied" | "unknown";

export interface EventContext {
  readonly ip?: string;
  readonly user_agent?: string;
  readonly request_id?: string;
  readonly trace_id?: string;
  readonly session_id?: string;
  readonly location?: string | Readonly<Record<string, unknown>>;
}

export interface Change {
  readonly field: string;
  readonly old?: unknown;
  readonly new?: unknown;
}

/** What a producer sends. Only `action` and `actor` are required; the node judges the rest (docs/spec/entry.md). */
export interface EventInput {
  readonly v?: 1;
  /** The idempotency key. The client makes a UUIDv7 if it is absent. */
  readonly id?: string;
  /** RFC 3339 with an offset. Absent: the time at which the node received the event. */
  readonly occurred_at?: string;
  /** Dotted lower case: `document.updated`. */
  readonly action: string;
  readonly actor: Party;
  readonly on_behalf_of?: Party;
  readonly targets?: readonly Party[];
  readonly context?: EventContext;
  readonly outcome?: Outcome;
  readonly reason?: string;
  readonly changes?: readonly Change[];
  readonly tenant?: string;
  readonly source?: { readonly id: string; readonly seq?: number };
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** An entry as the log keeps it, parsed. */
export interface Entry extends EventInput {
  readonly v: 1;
  readonly id: string;
  readonly occurred_at: string;
  readonly received_at: string;
  readonly actor: Party & { readonly type: string };
  readonly outcome: Outcome;
}
