import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { InvariantError, MalformedError, TILE_WIDTH } from "@stele/proof";
import { IngestPool } from "./event/ingest-pool.ts";
import { Anchorer, type AnchoringOptions } from "./anchor/anchorer.ts";
import { Anchors } from "./anchor/anchors.ts";
import type { NodeView } from "./http/node-view.ts";
import { systemClock } from "./log/clock.ts";
import { LOG_NAME, logDirectory } from "./log/data-directory.ts";
import { DirectoryHome } from "./log/directory-home.ts";
import type { LogHome } from "./log/log-home.ts";
import type { LogIdentity } from "./log/log-identity.ts";
import type { LogReport } from "./log/log-report.ts";
import { ReceivedClock } from "./log/received-clock.ts";
import { StoredLog, type MirroredLog } from "./log/stored-log.ts";
import { LogMirrors, type MirrorPolicy } from "./mirror/log-mirrors.ts";
import { MirrorWriter } from "./mirror/mirror-writer.ts";
import { ReconcileSchedule } from "./mirror/reconcile-schedule.ts";
import { AlarmKeeper, type TestResult } from "./ops/alarm-keeper.ts";
import { AlarmWatch } from "./ops/alarm-watch.ts";
import type { AlarmBoard, AlarmChange } from "./ops/alarms.ts";
import { alarmsOfReport, logNotOpened, logOpened } from "./ops/log-alarms.ts";
import type { Notifier } from "./ops/notify/notification.ts";
import { Metrics } from "./ops/metrics.ts";
import { PolicyFollower } from "./publish/policy-follower.ts";
import { PUBLISHED_FILE } from "./publish/published-file.ts";
import { Publisher, type PublishableLog } from "./publish/publisher.ts";
import {
  checkWitnessPolicy,
  coversLog,
  policyKept,
  withoutPolicy,
  type PublishingOptions,
} from "./publish/witness-policy.ts";
import { SelfReport } from "./ops/self-report.ts";
import type { History, HistoryRange } from "./ops/history/history-table.ts";
import { nodeNameOf } from "./ops/nodes/node-name.ts";
import type { NodesOfStore } from "./ops/nodes/node-list.ts";
import type { NodeStatus, SourcesStatus } from "./ops/status.ts";
import { claimPeriod } from "./store/claim-period.ts";
import type { ObjectStore } from "./store/object-store.ts";
import { SourceWatch } from "./sources/source-watch.ts";
import type { Store } from "./store/store.ts";
import { AuditProcess } from "./verify/audit-process.ts";
import { LogVerification } from "./verify/background/log-verification.ts";
import { StoreCopy } from "./verify/background/store-copy.ts";
import type { VerifiedLog } from "./verify/background/verified-log.ts";
import { Database } from "./search/database.ts";

export interface NodeMirrors {
  readonly stores: readonly Store[];
  readonly policy: MirrorPolicy;
}

export interface NodeOptions {
  /** What the node keeps for itself is below this directory. Made if it is not there. One process at a time. */
  readonly dataDir: string;
  /** Where the logs are: in the data directory unless told. The node closes it. */
  readonly home?: LogHome;
  readonly metrics?: Metrics;
  /** Origins of new logs begin with it: `<prefix>/logs/<name>`. Random unless told. */
  readonly originPrefix?: string;
  /** A segment is sealed once so many entries are hot; a multiple of 256. 262,144 unless told. */
  readonly segmentEntries?: number;
  /** Hot entries older than this are sealed though they are fewer. A day unless told. */
  readonly sealAfterMs?: number;
  /** A submission that could not be committed for so long is refused. 5 s unless told. */
  readonly storeTimeoutMs?: number;
  /** Second, independent stores that are to have everything, too. The node closes them. */
  readonly mirrors?: NodeMirrors | undefined;
  /** Witnesses that are to cosign checkpoints before they are published; all logs have the same. */
  readonly publishing?: PublishingOptions;
  /** Keeps published checkpoints for good, and has them time-stamped; all logs have the same. */
  readonly anchoring?: AnchoringOptions;
  /** Everything that is stored is read and verified again within this time. A day unless told; 0 switches it off. */
  readonly verifyEveryMs?: number;
  /** Where the verifier keeps what it saw: `<dataDir>/verifier` unless told. */
  readonly verifierDirectory?: string;
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** Told of what logs do or suffer in the background. */
  readonly report?: (log: string, event: LogReport) => void;
  /** A gap in the numbers of a source is an alarm once it is so old. Five minutes unless told. */
  readonly sourceGapAfterMs?: number;
  /** What people call this node: the machine's name unless told. */
  readonly nodeName?: string;
  /** Told of what the node itself can't do, and goes on without. */
  readonly reportFailure?: (what: string, error: unknown) => void;
  /** Who is told of alarms. */
  readonly notifiers?: readonly Notifier[];
  /** Told of alarms that begin and end, for the node's own log. */
  readonly reportAlarm?: (change: AlarmChange) => void;
}

/** The log that every node has. */
const MAIN = "main";
const SEGMENT_ENTRIES = 262_144;
const SEAL_AFTER_MS = 24 * 60 * 60 * 1000;
/** How often a log in which nothing happens is looked at, if there is only one: so a node asks less than twice a second. */
const IDLE_PAUSE_MS = 550;
/** What a read shows is at most so old. */
const READ_AGE_MS = 500;
/** Whether a log that is not known here has been made elsewhere is asked no more often than this. */
const LOOKUP_PAUSE_MS = 1_000;
const VERIFY_EVERY_MS = 24 * 60 * 60 * 1000;
const NO_MIRRORS: NodeMirrors = {
  stores: [],
  policy: { mode: "async", timeoutMs: 0, failure: "fail", reconcileEveryMs: 0 },
};
const SOURCE_GAP_AFTER_MS = 5 * 60 * 1000;
const REOPEN_PAUSE_MS = 1_000;

/** The logs of one node, and what they share. */
export class SteleNode implements NodeView {
  readonly metrics: Metrics;
  readonly #alarms: AlarmKeeper;
  readonly #watch: AlarmWatch;
  readonly #options: NodeOptions;
  /** With the policy as it is now. */
  #publishing: PublishingOptions | undefined;
  readonly #policyFollower: PolicyFollower | undefined;
  readonly #home: LogHome;
  readonly #database: Database;
  readonly #pool: IngestPool;
  readonly #auditProcess = new AuditProcess("low");
  readonly #receivedClock: ReceivedClock;
  readonly #idHashSeed = randomSeed();
  readonly #logs = new Map<string, StoredLog>();
  readonly #opening = new Map<string, Promise<StoredLog>>();
  readonly #sources = new Map<string, SourcesStatus>();
  #selfReport: SelfReport | undefined;
  #lookedUpMs = -Infinity;
  readonly #startedMs = Date.now();
  #state: NodeView["state"] = "starting";

  private constructor(options: NodeOptions, database: Database, alarms: AlarmKeeper) {
    this.#options = options;
    this.#publishing = options.publishing;
    this.metrics = options.metrics ?? new Metrics();
    this.#alarms = alarms;
    this.#policyFollower = this.#followPolicy(options.publishing);
    this.#watch = new AlarmWatch({
      board: alarms.board,
      logs: () => this.logs(),
      onLook: () => this.#lookAtSources(),
      monotonicMs: () => systemClock.monotonicMs(),
    });
    this.#home = options.home ?? new DirectoryHome(options.dataDir);
    this.#database = database;
    this.metrics.watch(() => this.status());
    this.#receivedClock = new ReceivedClock(options.now ?? Date.now);
    this.#pool = IngestPool.create({
      threads: Math.max(1, Math.min(4, availableParallelism() - 1)),
      idHashSeed: this.#idHashSeed,
    });
  }

  /**
   * Opens a data directory: takes its lock, recovers each of the logs, and makes the log `main` where there is none.
   *
   * @throws MalformedError `option_invalid`, `policy_unusable`
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
      for (const name of await node.#home.names()) await node.#openAtStart(name);
      await node.createLog(MAIN);
    } catch (error) {
      await node.close();
      throw error;
    }
    node.#state = "ready";
    node.#watch.start();
    node.#selfReport?.start();
    node.#policyFollower?.start();
    return node;
  }

  /** A log that can't be opened does not keep the node from serving the others, unless they are all this process's own. */
  async #openAtStart(name: string): Promise<void> {
    try {
      await this.#open(name);
    } catch (error) {
      if (name === MAIN || this.#home.isOwn) throw error;
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
      nodes: this.#home.nodes,
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
    if ((await this.#home.names()).includes(name)) await this.#open(name);
  }

  status(): NodeStatus {
    const store = this.#home.status();
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
      await this.#home.create(name, prefix, now.toISOString());
    });
  }

  /** Commits what was submitted, and lets go of everything, whatever fails meanwhile; then throws the first failure. */
  async close(): Promise<void> {
    this.#state = "stopping";
    this.#watch.close();
    await this.#policyFollower?.close();
    await Promise.allSettled(this.#opening.values());
    const parts = [
      ...(this.#selfReport ? [this.#selfReport] : []),
      this.#auditProcess, // else logs would wait for what it is at
      ...this.#logs.values(),
      this.#pool,
      this.#home,
      ...(this.#options.mirrors?.stores ?? []),
      this.#alarms,
      this.#database,
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
    const { dataDir, segmentEntries, sealAfterMs, storeTimeoutMs } = this.#options;
    const storage = await this.#home.open(name, {
      database: this.#database,
      idHashSeed: this.#idHashSeed,
      clock: systemClock,
    });
    const log = await StoredLog.open({
      name,
      storage,
      cacheDirectory: join(dataDir, "cache", name),
      database: this.#database,
      pool: this.#pool,
      receivedClock: this.#receivedClock,
      clock: systemClock,
      sealing: {
        segmentEntries: segmentEntries ?? SEGMENT_ENTRIES,
        sealAfterMs: sealAfterMs ?? SEAL_AFTER_MS,
      },
      idlePauseMs: (isWatched) => IDLE_PAUSE_MS * (isWatched ? 1 : Math.max(1, this.#logs.size)),
      ...(storeTimeoutMs !== undefined && { limits: { commitTimeoutMs: storeTimeoutMs } }),
      openMirrors: (mirrored) => this.#openMirrors(name, mirrored),
      openPublisher: (publishable, identity) => this.#openPublisher(publishable, identity),
      openAnchorer: (anchored, { anchors }) => this.#openAnchorer(anchored, anchors),
      ...(this.#verifyEveryMs > 0 && { openVerification: (verified) => this.#openVerification(verified) }),
      onOutcome: (outcome) => this.metrics.committed(name, outcome),
      report: (event) => this.#report(name, event),
    });
    this.#logs.set(name, log);
    logOpened(this.alarms, name);
    this.#applyPolicy(log);
    return log;
  }

  #openMirrors(name: string, { storage, segments, isOwn }: MirroredLog): LogMirrors {
    const { dataDir, mirrors = NO_MIRRORS } = this.#options;
    const report = (event: LogReport): void => this.#report(name, event);
    const writers = mirrors.stores.map(
      (mirror, i) =>
        new MirrorWriter({
          log: name,
          mode: mirrors.policy.mode,
          primary: storage.primary,
          keys: storage.identity.keys,
          mirror,
          journal: storage.journal,
          segments,
          isOwn,
          tempDirectory: join(dataDir, "cache", name, `mirror-${i}`),
          clock: systemClock,
          report,
        }),
    );
    const schedule = new ReconcileSchedule({
      mirrors: mirrors.stores.map((mirror, i) => ({
        log: name,
        primary: storage.primary,
        keys: storage.identity.keys,
        objects: mirror.objects(name),
        vault: mirror.vault(name),
        tempDirectory: join(dataDir, "cache", name, `reconcile-${i}`),
      })),
      everyMs: mirrors.policy.reconcileEveryMs,
      claim: (period) => storage.claimPeriod("reconcile", period),
      clock: systemClock,
      report,
    });
    return new LogMirrors(writers, schedule, mirrors.policy, report);
  }

  async #openPublisher(log: PublishableLog, { vkey, keys }: LogIdentity): Promise<Publisher | undefined> {
    const { dataDir } = this.#options;
    const publishing = this.#publishing;
    const { name } = log;
    if (!publishing) return undefined;
    const uncovered = withoutPolicy(name, vkey);
    if (!coversLog(publishing.policy, keys)) {
      this.alarms.raise(uncovered);
      return undefined;
    }
    this.alarms.clear(uncovered);
    return await Publisher.open({
      ...publishing,
      log,
      keys,
      path: join(logDirectory(dataDir, name), PUBLISHED_FILE),
      alarms: this.alarms,
      clock: systemClock,
      onFailure: (error) => this.#report(name, { kind: "failed", what: "publishing the log", error }),
    });
  }

  #followPolicy(publishing: PublishingOptions | undefined): PolicyFollower | undefined {
    if (publishing?.policyPath === undefined) return undefined;
    return new PolicyFollower({
      path: publishing.policyPath,
      policy: publishing.policy,
      onChange: (policy) => this.#changePolicy({ ...publishing, policy }),
      alarms: this.alarms,
      clock: systemClock,
    });
  }

  /** @throws MalformedError `policy_unusable`, by the first log: then nothing is changed */
  #changePolicy(publishing: PublishingOptions): void {
    const before = this.#publishing;
    this.#publishing = publishing;
    try {
      for (const log of this.#logs.values()) this.#applyPolicy(log);
    } catch (error) {
      this.#publishing = before;
      throw error;
    }
  }

  /** Logs that had no policy when they were opened get none: an alarm says so. */
  #applyPolicy(log: StoredLog): void {
    const present = log.policy();
    if (!this.#publishing || !present || present === this.#publishing.policy) return;
    const { policy } = this.#publishing;
    const kept = policyKept(log.name, log.vkey);
    if (coversLog(policy, log.keys())) {
      log.changePolicy(policy);
      this.alarms.clear(kept);
    } else this.alarms.raise(kept);
  }

  #openAnchorer(log: StoredLog, objects: ObjectStore): Anchorer | undefined {
    const { anchoring } = this.#options;
    if (!anchoring) return undefined;
    const { name } = log;
    return new Anchorer({
      ...anchoring,
      log: name,
      // Of size 0: nothing has reached the quorum yet.
      published: () => (log.status().witnessedSize === 0 ? undefined : log.published()),
      anchors: new Anchors(objects),
      claim: (period) => claimPeriod(objects, "anchor", period),
      alarms: this.alarms,
      clock: systemClock,
      onFailure: (error) => this.#report(name, { kind: "failed", what: "anchoring the log", error }),
    });
  }

  get #verifyEveryMs(): number {
    return this.#options.verifyEveryMs ?? VERIFY_EVERY_MS;
  }

  async #openVerification(log: VerifiedLog): Promise<LogVerification> {
    const { dataDir, mirrors = NO_MIRRORS, verifierDirectory = join(dataDir, "verifier") } = this.#options;
    const { name, keys } = log;
    const copies = mirrors.stores.map((mirror, i) => ({
      copy: new StoreCopy({
        objects: mirror.objects(name),
        vault: mirror.vault(name),
        keys,
        tempDirectory: join(dataDir, "cache", name, `verify-${i}`),
        nowMs: () => systemClock.nowMs(),
      }),
      sizeMin: () => log.mirroredSize(mirror.place),
    }));
    return await LogVerification.open({
      log: { ...log, copies: [...log.copies, ...copies] },
      stateDirectory: verifierDirectory,
      everyMs: this.#verifyEveryMs,
      process: this.#auditProcess,
      alarms: this.alarms,
      clock: systemClock,
      onFailure: (error) => this.#report(name, { kind: "failed", what: "verifying", error }),
    });
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

function randomSeed(): { k0: number; k1: number } {
  const bytes = randomBytes(8);
  return { k0: bytes.readUInt32LE(0), k1: bytes.readUInt32LE(4) };
}
