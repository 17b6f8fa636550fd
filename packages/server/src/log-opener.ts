import { join } from "node:path";
import { Anchorer } from "./anchor/anchorer.ts";
import { Anchors } from "./anchor/anchors.ts";
import type { IdHashSeed } from "./event/id-hash.ts";
import type { IngestPool } from "./event/ingest-pool.ts";
import { systemClock } from "./log/clock.ts";
import { logDirectory } from "./log/data-directory.ts";
import type { LogHome } from "./log/log-home.ts";
import type { LogReport } from "./log/log-report.ts";
import type { ReceivedClock } from "./log/received-clock.ts";
import { StoredLog, type MirroredLog } from "./log/stored-log.ts";
import { LogMirrors } from "./mirror/log-mirrors.ts";
import { MirrorWriter } from "./mirror/mirror-writer.ts";
import { ReconcileSchedule } from "./mirror/reconcile-schedule.ts";
import type { NodeMirrors, NodeOptions } from "./node-options.ts";
import type { AlarmBoard } from "./ops/alarms.ts";
import type { Metrics } from "./ops/metrics.ts";
import type { NodePublishing } from "./publish/node-publishing.ts";
import { PUBLISHED_FILE } from "./publish/published-file.ts";
import type { Database } from "./search/database.ts";
import { claimPeriod } from "./store/claim-period.ts";
import type { ObjectStore } from "./store/object-store.ts";
import type { AuditProcess } from "./verify/audit-process.ts";
import { LogVerification } from "./verify/background/log-verification.ts";
import { StoreCopy } from "./verify/background/store-copy.ts";
import type { VerifiedLog } from "./verify/background/verified-log.ts";

/** What the logs of a node share. */
export interface LogSurroundings {
  readonly options: NodeOptions;
  readonly home: LogHome;
  readonly database: Database;
  readonly pool: IngestPool;
  readonly auditProcess: AuditProcess;
  readonly receivedClock: ReceivedClock;
  readonly idHashSeed: IdHashSeed;
  /** Undefined if no witness is to cosign. */
  readonly publishing: NodePublishing | undefined;
  readonly alarms: AlarmBoard;
  readonly metrics: Metrics;
  readonly logCount: () => number;
  readonly report: (log: string, event: LogReport) => void;
}

const SEGMENT_ENTRIES = 262_144;
const SEAL_AFTER_MS = 24 * 60 * 60 * 1000;
/** How often a log in which nothing happens is looked at, if there is only one: so a node asks less than twice a second. */
const IDLE_PAUSE_MS = 550;
const VERIFY_EVERY_MS = 24 * 60 * 60 * 1000;
const NO_MIRRORS: NodeMirrors = {
  stores: [],
  policy: { mode: "async", timeoutMs: 0, failure: "fail", reconcileEveryMs: 0 },
};

/**
 * Opens a log with all that the node's options give it: mirrors, a publisher, an anchorer, a verifier.
 *
 * @throws VerificationError if it is not what it signed and acknowledged
 */
export async function openLog(name: string, node: LogSurroundings): Promise<StoredLog> {
  const { database, idHashSeed, publishing } = node;
  const {
    dataDir,
    segmentEntries = SEGMENT_ENTRIES,
    sealAfterMs = SEAL_AFTER_MS,
    storeTimeoutMs,
    verifyEveryMs = VERIFY_EVERY_MS,
  } = node.options;
  const report = (event: LogReport): void => node.report(name, event);
  const storage = await node.home.open(name, { database, idHashSeed, clock: systemClock });
  return await StoredLog.open({
    name,
    storage,
    cacheDirectory: join(dataDir, "cache", name),
    database,
    pool: node.pool,
    receivedClock: node.receivedClock,
    clock: systemClock,
    sealing: { segmentEntries, sealAfterMs },
    idlePauseMs: (isWatched) => IDLE_PAUSE_MS * (isWatched ? 1 : Math.max(1, node.logCount())),
    ...(storeTimeoutMs !== undefined && { limits: { commitTimeoutMs: storeTimeoutMs } }),
    openMirrors: (mirrored) => openMirrors(name, mirrored, node.options, report),
    ...(publishing && {
      openPublisher: (log, identity) =>
        publishing.open(log, identity, join(logDirectory(dataDir, name), PUBLISHED_FILE), report),
    }),
    openAnchorer: (log, { anchors }) => openAnchorer(log, anchors, node, report),
    ...(verifyEveryMs > 0 && {
      openVerification: (log) => openVerification(log, verifyEveryMs, node, report),
    }),
    onOutcome: (outcome) => node.metrics.committed(name, outcome),
    report,
  });
}

function openMirrors(
  name: string,
  { storage, segments, isOwn }: MirroredLog,
  { dataDir, mirrors = NO_MIRRORS }: NodeOptions,
  report: (event: LogReport) => void,
): LogMirrors {
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

function openAnchorer(
  log: StoredLog,
  objects: ObjectStore,
  { options: { anchoring }, alarms }: LogSurroundings,
  report: (event: LogReport) => void,
): Anchorer | undefined {
  if (!anchoring) return undefined;
  const { name } = log;
  return new Anchorer({
    ...anchoring,
    log: name,
    // Of size 0: nothing has reached the quorum yet.
    published: () => (log.status().witnessedSize === 0 ? undefined : log.published()),
    anchors: new Anchors(objects),
    claim: (period) => claimPeriod(objects, "anchor", period),
    alarms,
    clock: systemClock,
    onFailure: (error) => report({ kind: "failed", what: "anchoring the log", error }),
  });
}

async function openVerification(
  log: VerifiedLog,
  everyMs: number,
  { options, auditProcess, alarms }: LogSurroundings,
  report: (event: LogReport) => void,
): Promise<LogVerification> {
  const { dataDir, mirrors = NO_MIRRORS, verifierDirectory = join(dataDir, "verifier") } = options;
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
    everyMs,
    process: auditProcess,
    alarms,
    clock: systemClock,
    onFailure: (error) => report({ kind: "failed", what: "verifying", error }),
  });
}
