import { dirname } from "node:path";
import { DuckDBListValue } from "@duckdb/node-api";
import { equalBytes, UnavailableError, VerificationError } from "@stele/proof";
import { Database, quoted, type Row } from "../search/database.ts";
import { ENTRY_COLUMNS, JSON_STRUCTURE } from "../search/entry-columns.ts";
import { ID_BLOCK_ENTRIES, IdIndexBuilder } from "../search/id-index.ts";
import { readSegmentMetadata } from "../search/segment-metadata.ts";
import { corruptSegment, ID_FILTER_KEY, type Segment } from "../search/segment.ts";
import { auditRowGroupStatistics, textOf, type RowGroupValues } from "./row-group-audit.ts";

const MEMORY_LIMIT_MB = 160;
/** Row groups that are compared in one go: bounds the memory for it. */
const GROUPS_AT_ONCE = 4;
const EXPRESSIONS = ENTRY_COLUMNS.map(({ name, type, sql }) => ({
  name,
  type,
  // As in a segment: docs/spec/segment.md has milliseconds.
  sql: type === "TIMESTAMP" ? `${sql}::TIMESTAMP_MS` : sql,
}));
/** What a search may leave a segment out by. */
const STATISTICS_FIELDS = [
  ["action", "action"],
  ["actor", "actor_id"],
  ["actor_type", "actor_type"],
  ["outcome", "outcome"],
  ["tenant", "tenant"],
  ["source", "source_id"],
] as const;
const TIMES = ["occurred_at", "received_at"] as const;

/**
 * Derives the typed columns of a segment anew from its entries, and compares: a search must neither find what is not in the
 * entries, nor miss what is. So must the least and greatest values by which row groups, and the segment itself, are left out,
 * and the index of ids. It takes the column `entry` as DuckDB reads it; that those are the entries is for others to verify.
 *
 * @param segment what searches go by: of a store, from its seal record
 * @param told how many entries are done, now and then
 * @throws VerificationError `segment_columns_differ` naming the place, the first leaf index and the column;
 *   `segment_corrupt`; UnavailableError
 */
export async function auditColumns(
  path: string,
  segment: Segment,
  told: (entries: number) => void = () => undefined,
): Promise<void> {
  const database = await Database.open({
    directories: [dirname(path)],
    threads: 1,
    connectionsMax: 1,
    memoryLimitMb: MEMORY_LIMIT_MB,
    queryTimeoutMs: 2 ** 31 - 1,
    distrustStatistics: true,
  });
  try {
    await new ColumnAudit(database, path, segment, told).run();
  } catch (cause) {
    if (cause instanceof VerificationError || cause instanceof UnavailableError) throw cause;
    throw corruptSegment(path, "its columns can't be read", { cause });
  } finally {
    await database.close();
  }
}

class ColumnAudit {
  readonly #database: Database;
  readonly #path: string;
  readonly #segment: Segment;
  readonly #told: (entries: number) => void;

  constructor(database: Database, path: string, segment: Segment, told: (entries: number) => void) {
    this.#told = told;
    this.#database = database;
    this.#path = path;
    this.#segment = segment;
  }

  async run(): Promise<void> {
    await this.#compareSchema();
    const groups = await this.#readRowGroups();
    for (const { wrong } of groups) if (wrong) throw await this.#difference(wrong);
    const rows = groups.reduce((sum, group) => sum + group.rows, 0);
    if (rows !== this.#segment.end - this.#segment.start) {
      throw this.#differs("seq", this.#segment.start + rows, `${rows} rows are there`);
    }
    await auditRowGroupStatistics(this.#database, this.#path, groups, (column, row, what) =>
      this.#differs(column, this.#segment.start + row, what),
    );
    this.#compareStatistics(groups);
    await this.#compareIds(groups.flatMap(({ ids }) => ids));
  }

  async #compareSchema(): Promise<void> {
    const described = await this.#database.query(
      `DESCRIBE SELECT * FROM read_parquet(${quoted(this.#path)})`,
    );
    const found = described.map(([name, type]) => `${String(name)} ${String(type)}`).join(", ");
    const expected = [
      "seq BIGINT",
      ...ENTRY_COLUMNS.map(({ name, type }) => `${name} ${type}`),
      "entry VARCHAR",
    ].join(", ");
    if (found === expected) return;
    throw new VerificationError(
      "segment_columns_differ",
      `${this.#path}: its columns are ${found.slice(0, 500)}, not those of a segment`,
      { path: this.#path, found: found.slice(0, 2000), expected },
    );
  }

  /** One row for each row group; the statement reads every row. */
  async #readRowGroups(): Promise<RowGroupValues[]> {
    const lengths = await this.#database.query(
      `SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata(${quoted(this.#path)}) ORDER BY 1`,
    );
    const starts = [0];
    for (const [, rows] of lengths) starts.push(starts.at(-1)! + Number(rows));
    const groups: RowGroupValues[] = [];
    for (let at = 0; at + 1 < starts.length; at += GROUPS_AT_ONCE) {
      groups.push(...(await this.#readSome(starts.slice(at, at + GROUPS_AT_ONCE + 1))));
      this.#told(starts[Math.min(at + GROUPS_AT_ONCE, starts.length - 1)]!);
    }
    return groups;
  }

  /** Those that begin at these rows; the last one is where they end. */
  async #readSome(starts: readonly number[]): Promise<RowGroupValues[]> {
    const end = starts.at(-1)!;
    const groups = starts.slice(0, -1);
    const values = EXPRESSIONS.filter(({ type }) => type !== "VARCHAR[]").map(({ name, type }) => {
      const value = type === "TIMESTAMP" ? `epoch_ms(${name})` : name;
      return `min(${value}), max(${value}), count(*) - count(${name})`;
    });
    const distinct = STATISTICS_FIELDS.map(([, column]) => `list(DISTINCT ${column})`);
    const rows = await this.#database.query(
      `WITH compared AS (${this.#compared()}),
         grouped AS (SELECT *, CASE ${groups
           .toReversed()
           .map((first) => `WHEN n >= ${first} THEN ${first}`)
           .join(" ")} END AS first FROM compared
           WHERE n >= ${groups[0]!} AND n < ${end})
       SELECT first, count(*), min(n) FILTER (wrong IS NOT NULL), arg_min(wrong, n) FILTER (wrong IS NOT NULL),
         list(id ORDER BY n), ${[...values, ...distinct].join(", ")}
       FROM grouped GROUP BY first ORDER BY first`,
    );
    return rows.map(rowGroupOf);
  }

  /** Every row with its position `n`, its id, its columns, and which of them is not what the entry says. */
  #compared(): string {
    const { start } = this.#segment;
    const cases = EXPRESSIONS.map(({ name, sql }) => `WHEN ${name} IS DISTINCT FROM ${sql} THEN '${name}'`);
    return `SELECT file_row_number AS n, e.id AS id, * EXCLUDE (file_row_number, e, entry),
        CASE WHEN seq IS DISTINCT FROM ${start} + file_row_number THEN 'seq' ${cases.join(" ")} END AS wrong
      FROM (SELECT *, json_transform(entry, ${quoted(JSON_STRUCTURE)}) AS e
        FROM read_parquet(${quoted(this.#path)}, file_row_number = true))`;
  }

  async #difference({
    row,
    column,
  }: {
    readonly row: number;
    readonly column: string;
  }): Promise<VerificationError> {
    const { start } = this.#segment;
    const expression = EXPRESSIONS.find(({ name }) => name === column)?.sql ?? String(start + row);
    const [values] = await this.#database.query(
      `SELECT ${column}::VARCHAR, (${expression})::VARCHAR FROM (SELECT *, json_transform(entry, ${quoted(JSON_STRUCTURE)}) AS e
         FROM read_parquet(${quoted(this.#path)}, file_row_number = true)) WHERE file_row_number = ${row}`,
    );
    const [stored, derived] = (values ?? []).map((value) =>
      value === null ? "nothing" : JSON.stringify(String(value).slice(0, 200)),
    );
    return this.#differs(column, start + row, `the column has ${stored}, the entry ${derived}`);
  }

  /** A segment is left out of a search by these: they must not exclude what is there. */
  #compareStatistics(groups: readonly RowGroupValues[]): void {
    const { statistics, start } = this.#segment;
    for (const group of groups) {
      for (const column of TIMES) {
        const [least, greatest] = statistics[column];
        const found = group.columns.get(column)!;
        if (found.least === null || (Number(found.least) >= least && Number(found.greatest) <= greatest))
          continue;
        throw this.#differs(
          column,
          start + group.first,
          `its statistics say [${least}, ${greatest}], but there are others`,
        );
      }
      for (const [i, [field, column]] of STATISTICS_FIELDS.entries()) {
        const present = statistics.values[field];
        const missing = present && group.distinct[i]!.find((value) => !present.includes(value));
        if (missing === undefined) continue;
        throw this.#differs(
          column,
          start + group.first,
          `its statistics lack ${JSON.stringify(missing.slice(0, 200))}`,
        );
      }
    }
  }

  async #compareIds(ids: readonly string[]): Promise<void> {
    const { ids: index, start } = this.#segment;
    if (index.kind === "ranges") {
      const at = ids.findIndex((id, i) => {
        const [least, greatest] = index.ranges[Math.floor(i / ID_BLOCK_ENTRIES)] ?? ["", ""];
        return !(least <= id && id <= greatest);
      });
      if (at >= 0) throw this.#differs("id", start + at, "the index of ids does not lead to it");
      return;
    }
    const builder = new IdIndexBuilder();
    for (const id of ids) builder.add(id);
    const built = builder.finish();
    const filter = await readSegmentMetadata(this.#path, ID_FILTER_KEY);
    const same =
      JSON.stringify(built.index) === JSON.stringify(index) &&
      built.filter !== undefined &&
      filter !== undefined &&
      equalBytes(filter, built.filter);
    if (!same) throw this.#differs("id", start, "the filters of ids are not those of its entries");
  }

  #differs(column: string, leafIndex: number, what: string): VerificationError {
    return new VerificationError(
      "segment_columns_differ",
      `${this.#path}: the column ${column} is not what its entries say, first at entry ${leafIndex}: ${what}. Searches are wrong, the entries may be right: restore the file from a copy`,
      { path: this.#path, column, leafIndex, what },
    );
  }
}

function rowGroupOf(row: Row): RowGroupValues {
  const [first, rows, wrongRow, wrongColumn, ids, ...rest] = row;
  const columns = new Map<string, { least: string | null; greatest: string | null; nulls: number }>();
  for (const { name, type } of EXPRESSIONS) {
    if (type === "VARCHAR[]") continue;
    const [least, greatest, nulls] = rest.splice(0, 3);
    columns.set(name, { least: textOf(least), greatest: textOf(greatest), nulls: Number(nulls) });
  }
  return {
    first: Number(first),
    rows: Number(rows),
    wrong: typeof wrongRow === "bigint" ? { row: Number(wrongRow), column: String(wrongColumn) } : undefined,
    ids: textsOf(ids),
    columns,
    distinct: rest.map(textsOf),
  };
}

function textsOf(value: unknown): string[] {
  if (!(value instanceof DuckDBListValue)) return [];
  return value.items.filter((item) => item !== null).map(String);
}
