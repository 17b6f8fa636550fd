import { DuckDBBlobValue, type DuckDBConnection, type DuckDBPreparedStatement } from "@duckdb/node-api";
import { InvariantError } from "@stele/proof";
import { quoted, type Database } from "./database.ts";
import { COLUMN_DEFINITIONS, HOT_EXPRESSIONS, JSON_STRUCTURE } from "./entry-columns.ts";

/** A chunk is closed once it has so many entries; dropping one gives its memory back. */
const CHUNK_ENTRIES = 65_536;

/**
 * A run of hot entries in two tables: `columns` has `seq`, `id` and the typed columns; `lines` has the entries as they
 * came, many in one row, since a row for each would take DuckDB half of the time of the whole insert.
 */
export interface HotChunk {
  readonly columns: string;
  readonly lines: string;
  readonly start: number;
  readonly end: number;
}

interface OpenChunk extends HotChunk {
  end: number;
  readonly insertColumns: DuckDBPreparedStatement;
  readonly insertLines: DuckDBPreparedStatement;
  users: number;
  dropped: boolean;
}

/** The hot entries of one log. One writer; any number of queries, which see only what was there when they asked. */
export class HotIndex {
  readonly #database: Database;
  #writer: DuckDBConnection | undefined;
  #chunks: OpenChunk[] = [];
  /** An insert into it runs. */
  #written: OpenChunk | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** In order, without gaps. The last one grows. */
  get chunks(): readonly HotChunk[] {
    return this.#chunks;
  }

  /**
   * Adds `count` entries from `start` on: `lines`, an LF between each two, but none at the end. They become visible when
   * it resolves, all at once; when it rejects, nothing was added.
   */
  async insert(start: number, count: number, lines: Uint8Array): Promise<void> {
    const writer = (this.#writer ??= await this.#database.connect());
    const chunk = await this.#chunkFor(writer, start);
    const blob = new DuckDBBlobValue(lines);
    await writer.run("BEGIN");
    try {
      chunk.insertColumns.bind([blob, BigInt(start)]);
      const { rowsChanged } = await chunk.insertColumns.run();
      if (rowsChanged !== count) {
        throw new InvariantError(
          "index_count_wrong",
          `${rowsChanged} entries were found from ${start} on, not ${count}`,
        );
      }
      chunk.insertLines.bind([blob, BigInt(start), BigInt(count)]);
      await chunk.insertLines.run();
      await writer.run("COMMIT");
      chunk.end = start + count;
    } catch (error) {
      await writer.run("ROLLBACK");
      throw error;
    } finally {
      this.#written = undefined;
    }
  }

  /** Runs `work` while the chunk is kept from being dropped. */
  async using<T>(chunks: readonly HotChunk[], work: () => Promise<T>): Promise<T> {
    const open = this.#chunks.filter((chunk) => chunks.includes(chunk));
    for (const chunk of open) chunk.users++;
    try {
      return await work();
    } finally {
      for (const chunk of open) chunk.users--;
      await Promise.all(open.filter(({ dropped }) => dropped).map((chunk) => this.#drop(chunk)));
    }
  }

  /** Forgets the chunks that lie wholly below `end`: at once for new queries, and in memory when the last one is done. */
  async dropBelow(end: number): Promise<void> {
    const old = this.#chunks.filter((chunk) => chunk.end <= end && chunk !== this.#written);
    this.#chunks = this.#chunks.filter((chunk) => !old.includes(chunk));
    for (const chunk of old) chunk.dropped = true;
    await Promise.all(old.map((chunk) => this.#drop(chunk)));
  }

  async close(): Promise<void> {
    await this.dropBelow(Infinity);
    this.#writer?.closeSync();
  }

  async #chunkFor(writer: DuckDBConnection, start: number): Promise<OpenChunk> {
    const present = this.#chunks.at(-1);
    if (present && present.end - present.start < CHUNK_ENTRIES) return (this.#written = present);
    const columns = this.#database.uniqueName("columns");
    const lines = this.#database.uniqueName("lines");
    await writer.run(`CREATE TABLE ${columns} (seq BIGINT, id VARCHAR, ${COLUMN_DEFINITIONS})`);
    await writer.run(`CREATE TABLE ${lines} (start BIGINT, count BIGINT, lines VARCHAR)`);
    const chunk: OpenChunk = {
      columns,
      lines,
      start,
      end: start,
      users: 0,
      dropped: false,
      insertColumns: await writer.prepare(
        `INSERT INTO ${columns}
         SELECT $2::BIGINT + n - 1, e.id, ${HOT_EXPRESSIONS}
         FROM (SELECT n, json_transform(entry, ${quoted(JSON_STRUCTURE)}) AS e FROM ${split("decode($1::BLOB)")})`,
      ),
      insertLines: await writer.prepare(
        `INSERT INTO ${lines} SELECT $2::BIGINT, $3::BIGINT, decode($1::BLOB)`,
      ),
    };
    this.#chunks.push(chunk);
    return (this.#written = chunk);
  }

  async #drop(chunk: OpenChunk): Promise<void> {
    if (chunk.users > 0) return;
    chunk.insertColumns.destroySync();
    chunk.insertLines.destroySync();
    // Not on the writer's connection: an insert may have a transaction open there.
    await this.#database.query(`DROP TABLE IF EXISTS ${chunk.columns}`);
    await this.#database.query(`DROP TABLE IF EXISTS ${chunk.lines}`);
  }
}

/** The table of a chunk's columns, with `entry` if that is needed. */
export function chunkRelation({ columns, lines }: HotChunk, withEntry: boolean): string {
  return withEntry
    ? `(SELECT c.*, l.entry FROM ${columns} c JOIN (
         SELECT start + n - 1 AS seq, entry FROM (SELECT start, unnest(parts) AS entry, generate_subscripts(parts, 1) AS n
         FROM (SELECT start, string_split(lines, chr(10)) AS parts FROM ${lines}))) l USING (seq))`
    : columns;
}

/** Rows of `seq` and `entry` for these leaf indexes; each row of lines is split once. */
export function chunkEntries({ lines }: HotChunk, indexes: readonly number[]): string {
  return `
    SELECT unnest(wanted) AS seq, unnest(list_transform(wanted, lambda i: parts[i - start + 1])) AS entry
    FROM (
      SELECT start, wanted, string_split(lines, chr(10)) AS parts
      FROM (
        SELECT start, lines, list_filter([${indexes.join(", ")}]::BIGINT[], lambda i: i >= start AND i < start + count) AS wanted
        FROM ${lines} WHERE start <= ${Math.max(...indexes)} AND start + count > ${Math.min(...indexes)}
      ) WHERE len(wanted) > 0
    )`;
}

/** A table of `entry` and its place `n`, from 1. */
function split(lines: string): string {
  return `(SELECT unnest(parts) AS entry, generate_subscripts(parts, 1) AS n FROM (SELECT string_split(${lines}, chr(10)) AS parts))`;
}
