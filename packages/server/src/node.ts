import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { MalformedError, TILE_WIDTH } from "@stele/proof";
import { IngestPool } from "./event/ingest-pool.ts";
import type { NodeView } from "./http/node-view.ts";
import { LOG_NAME, logDirectory, logNames } from "./log/data-directory.ts";
import { createLogIdentity } from "./log/log-key.ts";
import { ReceivedClock } from "./log/received-clock.ts";
import { StoredLog, type LogReport } from "./log/stored-log.ts";
import { Metrics } from "./ops/metrics.ts";
import { Database } from "./search/database.ts";

export interface NodeOptions {
  /** Everything that the node keeps is below this directory. Made if it is not there. */
  readonly dataDir: string;
  /** Origins of new logs begin with it: `<prefix>/logs/<name>`. Random unless told. */
  readonly originPrefix?: string;
  /** A segment is sealed once so many entries are hot; a multiple of 256. 262,144 unless told. */
  readonly segmentEntries?: number;
  /** Hot entries older than this are sealed though they are fewer. A day unless told. */
  readonly sealAfterMs?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** Told of what logs do or suffer in the background. */
  readonly report?: (log: string, event: LogReport) => void;
}

const SEGMENT_ENTRIES = 262_144;
const SEAL_AFTER_MS = 24 * 60 * 60 * 1000;

/** The logs of one data directory, and what they share. One process at a time. */
export class SteleNode implements NodeView {
  readonly metrics = new Metrics();
  readonly #options: NodeOptions;
  readonly #database: Database;
  readonly #pool: IngestPool;
  readonly #clock: ReceivedClock;
  readonly #idHashSeed = randomSeed();
  readonly #logs = new Map<string, StoredLog>();
  readonly #creating = new Map<string, Promise<StoredLog>>();
  #state: NodeView["state"] = "starting";

  private constructor(options: NodeOptions, database: Database) {
    this.#options = options;
    this.#database = database;
    this.#clock = new ReceivedClock(options.now ?? Date.now);
    this.#pool = IngestPool.create({
      threads: Math.max(1, Math.min(4, availableParallelism() - 1)),
      idHashSeed: this.#idHashSeed,
    });
  }

  /**
   * Opens a data directory: takes its lock, recovers each of its logs, and makes the log `main` in a new one.
   *
   * @throws MalformedError `option_invalid`
   * @throws ConflictError `data_dir_locked` if another process has it
   * @throws VerificationError if a log is not what it signed and acknowledged
   */
  static async open(options: NodeOptions): Promise<SteleNode> {
    const { dataDir, segmentEntries = SEGMENT_ENTRIES } = options;
    if (!(Number.isSafeInteger(segmentEntries) && segmentEntries > 0 && segmentEntries % TILE_WIDTH === 0)) {
      throw new MalformedError(
        "option_invalid",
        `A segment can't have ${segmentEntries} entries: it takes a multiple of ${TILE_WIDTH}`,
      );
    }
    const logs = join(dataDir, "logs");
    const cache = join(dataDir, "cache");
    for (const directory of [logs, cache]) await mkdir(directory, { recursive: true, mode: 0o700 });
    const database = await Database.open({
      lockPath: join(dataDir, "lock"),
      directories: [logs, cache],
      tempDirectory: join(cache, "duckdb"),
    });
    const node = new SteleNode(options, database);
    try {
      for (const name of await logNames(dataDir)) await node.#openLog(name);
      await node.createLog("main");
    } catch (error) {
      await node.close();
      throw error;
    }
    node.#state = "ready";
    return node;
  }

  get state(): NodeView["state"] {
    return this.#state;
  }

  logs(): readonly StoredLog[] {
    return [...this.#logs.values()];
  }

  log(name: string): StoredLog | undefined {
    return this.#logs.get(name);
  }

  async createLog(name: string): Promise<StoredLog> {
    const present = this.#logs.get(name) ?? this.#creating.get(name);
    if (present) return await present;
    if (!LOG_NAME.test(name)) {
      throw new MalformedError(
        "log_name_malformed",
        `${JSON.stringify(name.slice(0, 80))} can't name a log: use a–z, 0–9 and -, at most 63 characters`,
      );
    }
    const creating = this.#createLog(name).finally(() => this.#creating.delete(name));
    this.#creating.set(name, creating);
    return await creating;
  }

  /** Commits what was submitted, and lets go of the directory. */
  async close(): Promise<void> {
    this.#state = "stopping";
    for (const log of this.#logs.values()) await log.close();
    await this.#pool.close();
    await this.#database.close();
  }

  async #createLog(name: string): Promise<StoredLog> {
    const directory = logDirectory(this.#options.dataDir, name);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const prefix = this.#options.originPrefix ?? `stele-${randomBytes(6).toString("hex")}.invalid`;
    const now = new Date((this.#options.now ?? Date.now)());
    await createLogIdentity(directory, `${prefix}/logs/${name}`, now.toISOString());
    return await this.#openLog(name);
  }

  async #openLog(name: string): Promise<StoredLog> {
    const { dataDir, segmentEntries, sealAfterMs, report } = this.#options;
    const log = await StoredLog.open({
      name,
      directory: logDirectory(dataDir, name),
      cacheDirectory: join(dataDir, "cache", name),
      database: this.#database,
      pool: this.#pool,
      clock: this.#clock,
      idHashSeed: this.#idHashSeed,
      sealing: {
        segmentEntries: segmentEntries ?? SEGMENT_ENTRIES,
        sealAfterMs: sealAfterMs ?? SEAL_AFTER_MS,
      },
      onOutcome: (outcome) => this.metrics.committed(name, outcome),
      report: (event) => report?.(name, event),
    });
    this.#logs.set(name, log);
    this.metrics.watchLog(name, () => log.sample());
    return log;
  }
}

function randomSeed(): { k0: number; k1: number } {
  const bytes = randomBytes(8);
  return { k0: bytes.readUInt32LE(0), k1: bytes.readUInt32LE(4) };
}
