import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from "@duckdb/node-api";
import { ConflictError, InvariantError, SteleError, UnavailableError } from "@stele/proof";
import type { SegmentNeed } from "./segment-files.ts";
import { corruptSegment } from "./segment.ts";

export interface DatabaseOptions {
  /** A file that is locked while the database is open, so that a second process is refused. Readers hold none. */
  readonly lockPath?: string;
  /** The directories whose files queries may read. */
  readonly directories: readonly string[];
  /** Where queries spill to; emptied on opening. Without one, they have to do with memory. */
  readonly tempDirectory?: string;
  /** What DuckDB may use, 200 MB unless told; buffers of files that are read come on top. */
  readonly memoryLimitMb?: number;
  readonly threads?: number;
  /** Queries that run at the same time; further ones wait. */
  readonly connectionsMax?: number;
  /** Queries that may wait. */
  readonly waitingMax?: number;
  readonly queryTimeoutMs?: number;
  /** What files say of themselves, such as the least value of a column, is not believed: every row is looked at. */
  readonly distrustStatistics?: boolean;
}

export type Row = readonly DuckDBValue[];

/** The attached database of hot tables: in memory, and seen by all connections (TEMP tables are not). */
export const HOT = "hot";

/** The node's one DuckDB: hot tables in memory, segments read from their files. Nothing is kept in it. */
export class Database {
  readonly #instance: DuckDBInstance;
  readonly #queryTimeoutMs: number;
  readonly #tempDirectory: string | undefined;
  readonly #waitingMax: number;
  readonly #all: readonly DuckDBConnection[];
  readonly #idle: DuckDBConnection[];
  readonly #waiting: ((connection: DuckDBConnection) => void)[] = [];
  #names = 0;
  #closed = false;

  private constructor(
    instance: DuckDBInstance,
    connections: DuckDBConnection[],
    options: Pick<DatabaseOptions, "waitingMax" | "queryTimeoutMs" | "tempDirectory">,
  ) {
    this.#instance = instance;
    this.#all = connections;
    this.#idle = [...connections];
    this.#tempDirectory = options.tempDirectory;
    this.#waitingMax = options.waitingMax ?? 64;
    this.#queryTimeoutMs = options.queryTimeoutMs ?? 30_000;
  }

  /**
   * @throws ConflictError `data_dir_locked` if another process holds `lockPath`
   * @throws UnavailableError `database_failed`
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    const { lockPath, tempDirectory, connectionsMax = 4 } = options;
    const instance = await createInstance(lockPath, options);
    if (tempDirectory !== undefined) {
      // Behind the lock: nobody else uses it.
      await rm(tempDirectory, { recursive: true, force: true });
      await mkdir(tempDirectory, { recursive: true });
    }
    const first = await instance.connect();
    await first.run(`ATTACH ':memory:' AS ${HOT}`);
    const directories = [...options.directories, ...(tempDirectory === undefined ? [] : [tempDirectory])];
    for (const setting of [
      "parquet_metadata_cache = true",
      "enable_external_file_cache = false",
      ...(options.distrustStatistics ? ["disabled_optimizers = 'statistics_propagation'"] : []),
      `allowed_directories = [${directories.map(quoted).join(", ")}]`,
      "enable_external_access = false",
      "lock_configuration = true",
    ]) {
      await first.run(`SET ${setting}`);
    }
    const others = Array.from({ length: connectionsMax - 1 }, async () => await instance.connect());
    return new Database(instance, [first, ...(await Promise.all(others))], options);
  }

  /** A connection of the caller's own, outside of the bounds for queries: for the one writer of a log. */
  async connect(): Promise<DuckDBConnection> {
    return await this.#instance.connect();
  }

  /** A path for a file of its own that DuckDB may read; gone when the database is opened the next time. */
  temporaryFile(name: string): string {
    if (this.#tempDirectory === undefined) {
      throw new InvariantError("no_temp_directory", "This database was opened without a directory for files");
    }
    return join(this.#tempDirectory, `${this.#names++}-${name}`);
  }

  /** A name for a table that no other has. */
  uniqueName(prefix: string): string {
    return `${HOT}.${prefix}${this.#names++}`;
  }

  /**
   * All rows of one statement, with `$1` for `params[0]`; it need not refer to all of them. It is interrupted when it
   * takes too long.
   *
   * @param asker given once nobody waits for the rows any more: they are not read then
   * @throws UnavailableError `search_timeout`, `search_overloaded` (too many wait), `search_memory`, `search_abandoned`
   */
  async query(sql: string, params: readonly DuckDBValue[] = [], asker?: AbortSignal): Promise<Row[]> {
    const connection = await this.#take(asker);
    let late = false;
    const leave = () => connection.interrupt();
    asker?.addEventListener("abort", leave);
    const timer = setTimeout(() => {
      late = true;
      connection.interrupt();
    }, this.#queryTimeoutMs);
    try {
      const { text, values } = referred(sql, params);
      // In one transaction: DuckDB leaves out conditions that are true by the table's statistics when it prepares a statement,
      // and would otherwise run it on rows that were inserted since.
      await connection.run("BEGIN");
      if (asker?.aborted) throw abandoned();
      const rows = (await connection.runAndReadAll(text, values)).getRows();
      await connection.run("COMMIT");
      return rows;
    } catch (cause) {
      await connection.run("ROLLBACK").catch(() => undefined); // there may be no transaction to end
      throw asker?.aborted ? abandoned(cause) : queryError(cause, late, sql);
    } finally {
      clearTimeout(timer);
      asker?.removeEventListener("abort", leave);
      this.#give(connection);
    }
  }

  /**
   * As {@link query}, for a statement that reads these files, or only what `need` says of them.
   *
   * @throws VerificationError `segment_corrupt`, naming the file that can't be read
   */
  async queryFiles(
    sql: string,
    params: readonly DuckDBValue[],
    paths: readonly string[],
    need: SegmentNeed,
    asker?: AbortSignal,
  ): Promise<Row[]> {
    try {
      return await this.query(sql, params, asker);
    } catch (error) {
      if (error instanceof UnavailableError) throw error;
      for (const path of paths) await this.#checkFile(path, need);
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#idle.length < this.#all.length) {
      const connection = await new Promise<DuckDBConnection>((resolve) => this.#waiting.push(resolve));
      this.#idle.push(connection);
    }
    for (const connection of this.#all) connection.closeSync();
    this.#instance.closeSync();
  }

  /** Reads all values of a file that are there, to find out whether it is the one that broke a query over several. */
  async #checkFile(path: string, need: SegmentNeed): Promise<void> {
    const columns = need === "all" ? "*" : "* EXCLUDE (entry)";
    try {
      await this.query(`SELECT count(COLUMNS(${columns})) FROM read_parquet($1)`, [path]);
    } catch (cause) {
      if (cause instanceof UnavailableError) throw cause;
      throw corruptSegment(path, "DuckDB can't read it", { cause });
    }
  }

  async #take(asker?: AbortSignal): Promise<DuckDBConnection> {
    if (this.#closed) throw new UnavailableError("search_closed", "The node is stopping");
    if (asker?.aborted) throw abandoned();
    const connection = this.#idle.pop();
    if (connection) return connection;
    if (this.#waiting.length >= this.#waitingMax) {
      throw new UnavailableError("search_overloaded", "Too many searches wait already", {
        retryAfterMs: 1000,
      });
    }
    return await new Promise((resolve, reject) => {
      const enter = (free: DuckDBConnection) => {
        asker?.removeEventListener("abort", leave);
        resolve(free);
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(abandoned());
      };
      asker?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(enter);
    });
  }

  #give(connection: DuckDBConnection): void {
    const next = this.#waiting.shift();
    if (next) next(connection);
    else this.#idle.push(connection);
  }
}

async function createInstance(
  lockPath: string | undefined,
  options: DatabaseOptions,
): Promise<DuckDBInstance> {
  if (lockPath !== undefined) await mkdir(dirname(lockPath), { recursive: true });
  try {
    return await DuckDBInstance.create(lockPath ?? ":memory:", {
      threads: String(options.threads ?? 2),
      memory_limit: `${options.memoryLimitMb ?? 128}MB`,
      temp_directory: options.tempDirectory ?? "",
      // What was freed goes back to the system soon: a node shares its machine.
      allocator_flush_threshold: "16MB",
      allocator_bulk_deallocation_flush_threshold: "32MB",
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      allow_community_extensions: "false",
    });
  } catch (cause) {
    throw openError(cause, lockPath);
  }
}

function openError(cause: unknown, lockPath: string | undefined): SteleError {
  const message = messageOf(cause);
  if (lockPath === undefined || !/Could not set lock/i.test(message)) {
    return new UnavailableError("database_failed", `DuckDB could not be opened: ${message}`, { cause });
  }
  const pid = /\(PID (\d+)\)/.exec(message)?.[1];
  const holder = pid === undefined ? "another process" : `the process ${pid}`;
  return new ConflictError(
    "data_dir_locked",
    `${dirname(lockPath)} is in use by ${holder} (it holds ${lockPath}). Stop it first, or use another directory`,
    { cause },
  );
}

function abandoned(cause?: unknown): UnavailableError {
  return new UnavailableError("search_abandoned", "Nobody waits for the answer any more", { cause });
}

function queryError(cause: unknown, late: boolean, sql: string): SteleError {
  const message = messageOf(cause);
  if (late || /^INTERRUPT/i.test(message)) {
    return new UnavailableError(
      "search_timeout",
      "The search took too long. Narrow it, in time for example",
      { cause },
    );
  }
  if (/^Out of Memory/i.test(message)) {
    return new UnavailableError("search_memory", "The search needs more memory than it may have", { cause });
  }
  return new InvariantError("query_failed", `DuckDB refused a query: ${message}\n${sql.slice(0, 2000)}`, {
    cause,
  });
}

/** DuckDB wants exactly the values that a statement refers to, numbered without gaps. */
function referred(sql: string, params: readonly DuckDBValue[]): { text: string; values: DuckDBValue[] } {
  const numbers: number[] = [];
  // What is quoted stays as it is.
  const text = sql.replaceAll(/'(?:[^']|'')*'|\$(\d+)/g, (match, digits?: string) => {
    if (digits === undefined) return match;
    if (!numbers.includes(Number(digits))) numbers.push(Number(digits));
    return `$${numbers.indexOf(Number(digits)) + 1}`;
  });
  return { text, values: numbers.map((number) => params[number - 1]!) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
