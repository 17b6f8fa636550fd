import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { InvariantError, MalformedError, TILE_WIDTH } from "@stele/proof";
import type { IdHashSeed } from "./event/id-hash.ts";
import { IngestPool } from "./event/ingest-pool.ts";
import type { NodeView } from "./http/node-view.ts";
import { systemClock } from "./log/clock.ts";
import { LOG_NAME } from "./log/data-directory.ts";
import { DirectoryHome } from "./log/directory-home.ts";
import type { LogReport } from "./log/log-report.ts";
import { ReceivedClock } from "./log/received-clock.ts";
import type { StoredLog } from "./log/stored-log.ts";
import { openLog, type LogSurroundings } from "./log-opener.ts";
import type { NodeOptions } from "./node-options.ts";
import { AlarmKeeper, type TestResult } from "./ops/alarm-keeper.ts";
import { AlarmWatch } from "./ops/alarm-watch.ts";
import type { AlarmBoard } from "./ops/alarms.ts";
import type { History, HistoryRange } from "./ops/history/history-table.ts";
import { alarmsOfReport, logNotOpened, logOpened } from "./ops/log-alarms.ts";
import { Metrics } from "./ops/metrics.ts";
import type { NodesOfStore } from "./ops/nodes/node-list.ts";
import { nodeNameOf } from "./ops/nodes/node-name.ts";
import { SelfReport } from "./ops/self-report.ts";
import type { NodeStatus, SourcesStatus } from "./ops/status.ts";
import { NodePublishing } from "./publish/node-publishing.ts";
import { checkWitnessPolicy } from "./publish/witness-policy.ts";
import { Database } from "./search/database.ts";
import { SourceWatch } from "./sources/source-watch.ts";
import { AuditProcess } from "./verify/audit-process.ts";

/** The log that every node has. */
const MAIN = "main";
/** What a read shows is at most so old. */
const READ_AGE_MS = 500;
/** Whether a log that is not known here has been made elsewhere is asked no more often than this. */
const LOOKUP_PAUSE_MS = 1_000;
const SOURCE_GAP_AFTER_MS = 5 * 60 * 1000;
const REOPEN_PAUSE_MS = 1_000;

/** The logs of one node, and what they share. */
export class SteleNode implements NodeView {
  readonly metrics: Metrics;
  readonly #alarms: AlarmKeeper;
  readonly #watch: AlarmWatch;
  readonly #options: NodeOptions;
  readonly #surroundings: LogSurroundings;
  readonly #logs = new Map<string, StoredLog>();
  readonly #opening = new Map<string, Promise<StoredLog>>();
  readonly #sources = new Map<string, SourcesStatus>();
  #selfReport: SelfReport | undefined;
  #lookedUpMs = -Infinity;
  readonly #startedMs = Date.now();
  #state: NodeView["state"] = "starting";

  private constructor(options: NodeOptions, database: Database, alarms: AlarmKeeper) {
    this.#options = options;
    this.metrics = options.metrics ?? new Metrics();
    this.#alarms = alarms;
    this.#watch = new AlarmWatch({
      board: alarms.board,
      logs: () => this.logs(),
      onLook: () => this.#lookAtSources(),
      monotonicMs: () => systemClock.monotonicMs(),
    });
    this.metrics.watch(() => this.status());
    const { publishing } = options;
    const idHashSeed = randomSeed();
    this.#surroundings = {
      options,
      home: options.home ?? new DirectoryHome(options.dataDir),
      database,
      pool: IngestPool.create({
        threads: Math.max(1, Math.min(4, availableParallelism() - 1)),
        idHashSeed,
      }),
      auditProcess: new AuditProcess("low"),
      receivedClock: new ReceivedClock(options.now ?? Date.now),
      idHashSeed,
      publishing:
        publishing &&
        new NodePublishing({
          publishing,
          logs: () => this.logs(),
          alarms: alarms.board,
          clock: systemClock,
        }),
      alarms: alarms.board,
      metrics: this.metrics,
      logCount: () => this.#logs.size,
      report: (log, event) => this.#report(log, event),
    };
  }

  /**
   * Opens a data directory: takes its lock, recovers each of the logs, and makes the log `main` where there is none.
   *
   * @throws MalformedError `option_invalid`, `policy_unusable`
   * @throws ConflictError `data_dir_locked` if another process has it
   * @throws VerificationError if a log is not what it signed and acknowledged
   */
  static async open(options: NodeOptions): Promise<SteleNode> {
    const { dataDir, segmentEntries } = options;
    if (segmentEntries !== undefined && !isWholeTiles(segmentEntries)) {
      throw new MalformedError(
        "option_invalid",
        `A segment can't have ${segmentEntries} entries: it takes a multiple of ${TILE_WIDTH}`,
      );
    }
    const nodeName = nodeNameOf(options.nodeName);
    if (options.publishing) checkWitnessPolicy(options.publishing.policy);
    const logs = join(dataDir, "logs");
    const cache = join(dataDir, "cache");
    for (const directory of [logs, cache]) await mkdir(directory, { recursive: true, mode: 0o700 });
    const database = await Database.open({
      lockPath: join(dataDir, "lock"),
      directories: [logs, cache],
      tempDirectory: join(cache, "_duckdb"),
    });
    const alarms = await openAlarms(nodeName, options).catch(async (error: unknown) => {
      await database.close();
      throw error;
    });
    const node = new SteleNode(options, database, alarms);
    try {
      await node.#openSelfReport(nodeName);
      for (const name of await node.#surroundings.home.names()) await node.#openAtStart(name);
      await node.createLog(MAIN);
    } catch (error) {
      await node.close();
      throw error;
    }
    node.#state = "ready";
    node.#watch.start();
    node.#selfReport?.start();
    node.#surroundings.publishing?.start();
    return node;
  }

  /** A log that can't be opened does not keep the node from serving the others, unless they are all this process's own. */
  async #openAtStart(name: string): Promise<void> {
    try {
      await this.#open(name);
    } catch (error) {
      if (name === MAIN || this.#surroundings.home.isOwn) throw error;
      this.#options.report?.(name, { kind: "failed", what: "opening the log", error });
      logNotOpened(this.alarms, name, error);
    }
  }

  #lookAtSources(): void {
    const { sourceGapAfterMs: gapAfterMs = SOURCE_GAP_AFTER_MS, now = Date.now } = this.#options;
    for (const { name: log, sources } of this.logs()) {
      if (sources.isLoading) continue;
      const found = new SourceWatch({ log, sources, board: this.alarms, gapAfterMs, now }).look();
      this.#sources.set(log, { log, ...found });
    }
  }

  async #openSelfReport(name: string): Promise<void> {
    const { dataDir, reportFailure } = this.#options;
    this.#selfReport = await SelfReport.open({
      dataDir,
      name,
      nodes: this.#surroundings.home.nodes,
      status: () => this.status(),
      metrics: this.metrics,
      clock: systemClock,
      onFailure: (what, error) => reportFailure?.(what, error),
    });
  }

  /** What the node was at; of all logs unless told. */
  history(range: HistoryRange, log?: string): History {
    return this.#opened.history(range, log);
  }

  /** The nodes of the store, as each last said. */
  async nodes(): Promise<NodesOfStore> {
    return await this.#opened.nodes();
  }

  get #opened(): SelfReport {
    if (!this.#selfReport) throw new InvariantError("node_not_open", "The node is asked before it is open");
    return this.#selfReport;
  }

  /** What a person has to know. */
  get alarms(): AlarmBoard {
    return this.#alarms.board;
  }

  /** Sends a test to who is told of alarms. */
  async testAlarms(): Promise<readonly TestResult[]> {
    return await this.#alarms.test();
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

  /**
   * Readies a log for a request: opens it if another node has made it, and takes over what others have committed if the
   * request reads. Never fails for a store that is out.
   */
  async prepare(name: string, reading: boolean): Promise<void> {
    const log = this.#logs.get(name);
    if (log) {
      if (reading) await log.refresh(READ_AGE_MS);
      return;
    }
    const nowMs = performance.now();
    if (!LOG_NAME.test(name) || nowMs - this.#lookedUpMs < LOOKUP_PAUSE_MS) return;
    this.#lookedUpMs = nowMs;
    if ((await this.#surroundings.home.names()).includes(name)) await this.#open(name);
  }

  status(): NodeStatus {
    const store = this.#surroundings.home.status();
    return {
      state: this.#state,
      startedMs: this.#startedMs,
      store: { ...store, remarks: [...store.remarks, ...(this.#selfReport?.remarks ?? [])] },
      logs: this.logs().map((log) => log.status()),
      sources: [...this.#sources.values()].filter(({ log }) => this.#logs.has(log)),
      alarms: this.alarms.active,
    };
  }

  async createLog(name: string): Promise<StoredLog> {
    const present = this.#logs.get(name) ?? this.#opening.get(name);
    if (present) return await present;
    if (!LOG_NAME.test(name)) {
      throw new MalformedError(
        "log_name_malformed",
        `${JSON.stringify(name.slice(0, 80))} can't name a log: use a–z, 0–9 and -, at most 63 characters`,
      );
    }
    return await this.#open(name, async () => {
      const prefix = this.#options.originPrefix ?? `stele-${randomBytes(6).toString("hex")}.invalid`;
      const now = new Date((this.#options.now ?? Date.now)());
      await this.#surroundings.home.create(name, prefix, now.toISOString());
    });
  }

  /** Commits what was submitted, and lets go of everything, whatever fails meanwhile; then throws the first failure. */
  async close(): Promise<void> {
    this.#state = "stopping";
    this.#watch.close();
    const { auditProcess, pool, home, database, publishing } = this.#surroundings;
    await publishing?.close();
    await Promise.allSettled(this.#opening.values());
    const parts = [
      ...(this.#selfReport ? [this.#selfReport] : []),
      auditProcess, // else logs would wait for what it is at
      ...this.#logs.values(),
      pool,
      home,
      ...(this.#options.mirrors?.stores ?? []),
      this.#alarms,
      database,
    ];
    const failures: unknown[] = [];
    for (const part of parts) {
      try {
        await part.close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async #open(name: string, before = async (): Promise<void> => Promise.resolve()): Promise<StoredLog> {
    const present = this.#opening.get(name);
    if (present) return await present;
    const opening = before()
      .then(() => this.#openLog(name))
      .finally(() => this.#opening.delete(name));
    this.#opening.set(name, opening);
    return await opening;
  }

  async #openLog(name: string): Promise<StoredLog> {
    const log = await openLog(name, this.#surroundings);
    this.#logs.set(name, log);
    logOpened(this.alarms, name);
    this.#surroundings.publishing?.apply(log);
    return log;
  }

  #report(name: string, event: LogReport): void {
    this.#options.report?.(name, event);
    alarmsOfReport(this.alarms, name, event);
    if (event.kind === "stale" && this.#state !== "stopping") void this.#reopen(name);
  }

  /** Opens a log anew that can't go on from what it knows, until that succeeds. */
  async #reopen(name: string): Promise<void> {
    const log = this.#logs.get(name);
    if (!log || !this.#logs.delete(name)) return;
    // Whoever asks for the log meanwhile waits, too: two at once would write to the same files.
    for (let before = () => log.close(); this.#state !== "stopping"; before = async () => Promise.resolve()) {
      try {
        await this.#open(name, before);
        return;
      } catch (error) {
        this.#options.report?.(name, { kind: "failed", what: "opening the log anew", error });
        logNotOpened(this.alarms, name, error);
        await systemClock.sleep(REOPEN_PAUSE_MS);
      }
    }
  }
}

async function openAlarms(node: string, options: NodeOptions): Promise<AlarmKeeper> {
  return await AlarmKeeper.open({
    node,
    directory: join(options.dataDir, "alarms"),
    notifiers: options.notifiers ?? [],
    clock: systemClock,
    now: options.now ?? Date.now,
    report: options.reportAlarm,
  });
}

function randomSeed(): IdHashSeed {
  const bytes = randomBytes(8);
  return { k0: bytes.readUInt32LE(0), k1: bytes.readUInt32LE(4) };
}

function isWholeTiles(entries: number): boolean {
  return Number.isSafeInteger(entries) && entries > 0 && entries % TILE_WIDTH === 0;
}
