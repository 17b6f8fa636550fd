import { writeFile } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { InvariantError } from "@stele/proof";
import { quoted, type Database } from "./database.ts";
import { COLUMN_DEFINITIONS, HOT_EXPRESSIONS, JSON_COLUMNS } from "./entry-columns.ts";

/** A chunk is closed once it has so many entries, unless told; dropping one gives its memory back. */
const CHUNK_ENTRIES = 65_536;
/** Twice the longest entry: DuckDB's buffers are a multiple of it. */
const OBJECT_BYTES_MAX = 128 * 1024;

/** A run of hot entries: a table of `seq`, `id` and the typed columns. The entries themselves stay in the journal. */
export interface HotChunk {
  readonly columns: string;
  readonly start: number;
  readonly end: number;
}

interface OpenChunk extends HotChunk {
  end: number;
  users: number;
  dropped: boolean;
}

/** The hot entries of one log. One writer; any number of queries, which see only what was there when they asked. */
export class HotIndex {
  readonly #database: Database;
  readonly #feed: string;
  readonly #chunkEntries: number;
  #writer: DuckDBConnection | undefined;
  #chunks: OpenChunk[] = [];
  /** An insert into it runs. */
  #written: OpenChunk | undefined;

  constructor(database: Database, chunkEntries = CHUNK_ENTRIES) {
    this.#database = database;
    this.#chunkEntries = chunkEntries;
    this.#feed = database.temporaryFile("feed.ndjson");
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
    try {
      // DuckDB reads NDJSON from files natively, in half of the time that it takes from a bound value.
      await writeFile(this.#feed, lines);
      await writer.run("BEGIN");
      const { rowsChanged } = await writer.run(
        `INSERT INTO ${chunk.columns} SELECT ${start} + row_number() OVER () - 1, e.id, ${HOT_EXPRESSIONS}
         FROM read_json(${quoted(this.#feed)}, format = 'newline_delimited', columns = ${JSON_COLUMNS},
           maximum_object_size = ${OBJECT_BYTES_MAX}, compression = 'uncompressed') e`,
      );
      if (rowsChanged !== count) {
        throw new InvariantError(
          "index_count_wrong",
          `${rowsChanged} entries were found from ${start} on, not ${count}`,
        );
      }
      await writer.run("COMMIT");
      chunk.end = start + count;
    } catch (error) {
      await writer.run("ROLLBACK").catch(() => undefined); // there may be no transaction to end
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
    try {
      await this.dropBelow(Infinity);
    } finally {
      this.#writer?.closeSync();
    }
  }

  async #chunkFor(writer: DuckDBConnection, start: number): Promise<OpenChunk> {
    const present = this.#chunks.at(-1);
    if (present && present.end - present.start < this.#chunkEntries) return (this.#written = present);
    const columns = this.#database.uniqueName("columns");
    await writer.run(`CREATE TABLE ${columns} (seq BIGINT, id VARCHAR, ${COLUMN_DEFINITIONS})`);
    const chunk: OpenChunk = { columns, start, end: start, users: 0, dropped: false };
    this.#chunks.push(chunk);
    return (this.#written = chunk);
  }

  async #drop(chunk: OpenChunk): Promise<void> {
    if (chunk.users > 0) return;
    // Not on the writer's connection: an insert may have a transaction open there.
    await this.#database.query(`DROP TABLE IF EXISTS ${chunk.columns}`);
  }
}
