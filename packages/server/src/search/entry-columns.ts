interface EntryColumn {
  readonly name: string;
  readonly type: "BIGINT" | "TIMESTAMP" | "VARCHAR" | "VARCHAR[]";
  /** From the entry as `json_transform` with {@link JSON_STRUCTURE} gives it, named `e`. */
  readonly sql: string;
}

/**
 * The typed columns of docs/spec/segment.md and how they come from an entry: the same for hot entries and for segments.
 * `seq` comes before them and `entry` behind.
 */
export const ENTRY_COLUMNS: readonly EntryColumn[] = [
  { name: "occurred_at", type: "TIMESTAMP", sql: "e.occurred_at" },
  { name: "received_at", type: "TIMESTAMP", sql: "e.received_at" },
  { name: "action", type: "VARCHAR", sql: "e.action" },
  { name: "actor_type", type: "VARCHAR", sql: "e.actor.type" },
  { name: "actor_id", type: "VARCHAR", sql: "e.actor.id" },
  { name: "tenant", type: "VARCHAR", sql: "e.tenant" },
  { name: "outcome", type: "VARCHAR", sql: "e.outcome" },
  { name: "ip", type: "VARCHAR", sql: "e.context.ip" },
  { name: "target_ids", type: "VARCHAR[]", sql: "list_transform(e.targets, lambda t: t.id)" },
  { name: "source_id", type: "VARCHAR", sql: "e.source.id" },
  { name: "source_seq", type: "BIGINT", sql: "e.source.seq" },
];

/** What `json_transform` takes out of an entry (docs/spec/entry.md). Other keys are passed over. */
export const JSON_STRUCTURE = JSON.stringify({
  id: "VARCHAR",
  occurred_at: "TIMESTAMP",
  received_at: "TIMESTAMP",
  action: "VARCHAR",
  actor: { type: "VARCHAR", id: "VARCHAR" },
  targets: [{ id: "VARCHAR" }],
  context: { ip: "VARCHAR" },
  outcome: "VARCHAR",
  tenant: "VARCHAR",
  source: { id: "VARCHAR", seq: "BIGINT" },
});

/** The same for DuckDB's `read_json`. */
export const JSON_COLUMNS = `{id: 'VARCHAR', occurred_at: 'TIMESTAMP', received_at: 'TIMESTAMP', action: 'VARCHAR',
  actor: 'STRUCT(type VARCHAR, id VARCHAR)', targets: 'STRUCT(id VARCHAR)[]', context: 'STRUCT(ip VARCHAR)',
  outcome: 'VARCHAR', tenant: 'VARCHAR', source: 'STRUCT(id VARCHAR, seq BIGINT)'}`;

/** `SELECT` list over `e` in the order of {@link ENTRY_COLUMNS}, for a hot table. */
export const HOT_EXPRESSIONS = ENTRY_COLUMNS.map(({ sql }) => sql).join(", ");

/** The same for a segment: entries have milliseconds, and these pack better than microseconds. */
export const SEGMENT_EXPRESSIONS = ENTRY_COLUMNS.map(({ name, type, sql }) =>
  type === "TIMESTAMP" ? `${sql}::TIMESTAMP_MS AS ${name}` : `${sql} AS ${name}`,
).join(", ");

/** Names and types, for `CREATE TABLE`. */
export const COLUMN_DEFINITIONS = ENTRY_COLUMNS.map(({ name, type }) => `${name} ${type}`).join(", ");
