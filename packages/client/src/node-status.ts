import { parseAlarm, type Alarm } from "./alarms.ts";
import type { Answer } from "./answer.ts";

/** What a node says that it, its store and its logs are at: `GET /v1/status`. Times in seconds. */
export interface NodeStatus {
  readonly state: string;
  readonly startedAt: string;
  readonly store: {
    readonly place: string;
    readonly kind: string;
    readonly vaultLock: string;
    readonly remarks: readonly string[];
    /** Of segments in a shared store, since the node's process began; undefined of a directory. */
    readonly cache: CacheStatus | undefined;
  };
  readonly logs: readonly LogStatus[];
  /** Those that are active, oldest first, without their evidence. */
  readonly alarms: readonly Alarm[];
}

export interface CacheStatus {
  /** Of the disk. */
  readonly usedBytes: number;
  /** Parts of segments that were there, or had to be fetched. */
  readonly hits: number;
  readonly misses: number;
  readonly fetchedBytes: number;
}

export interface LogStatus {
  readonly name: string;
  readonly origin: string;
  readonly treeSize: number;
  readonly lastCommitAge: number | undefined;
  readonly commitsPerSecond: number;
  readonly eventsPerSecond: number;
  readonly journalStart: number;
  readonly sealedSize: number;
  readonly segments: number;
  readonly indexedSize: number;
  readonly following: number | undefined;
  readonly writable: boolean;
  readonly reason: string | undefined;
  readonly mirrors: readonly MirrorStatus[];
  readonly publishedSize: number;
  readonly publishedAt: string | undefined;
  readonly witnessedSize: number | undefined;
  readonly witnesses: readonly WitnessStatus[];
  /** Of the verifier in the node; undefined if it is switched off. */
  readonly verification: VerificationStatus | undefined;
}

export interface WitnessStatus {
  readonly name: string;
  readonly host: string;
  readonly cosignedSize: number;
  readonly cosignedAge: number | undefined;
  readonly ok: boolean;
  readonly failure: string | undefined;
  readonly reason: string | undefined;
}

export interface VerificationStatus {
  /** RFC 3339; undefined if not everything was verified yet. */
  readonly lastFullAt: string | undefined;
  readonly running: boolean;
  /** 0 to 1. */
  readonly progress: number;
  /** A leaf index. */
  readonly position: number;
  readonly entriesPerSecond: number;
  readonly findings: number;
  readonly late: boolean;
}

export interface MirrorStatus {
  readonly place: string;
  readonly mode: string;
  readonly mirroredSize: number;
  readonly lagEntries: number;
  readonly lag: number;
  readonly ok: boolean;
  readonly reason: string | undefined;
  readonly conflicts: number;
}

/** @throws MalformedError `response_malformed` */
export function parseNodeStatus(answer: Answer): NodeStatus {
  const store = answer.field("store");
  return {
    state: answer.field("state").string(),
    startedAt: answer.field("started_at").string(),
    store: {
      place: store.field("place").string(),
      kind: store.field("kind").string(),
      vaultLock: store.field("vault_lock").string(),
      remarks: store
        .field("remarks")
        .items()
        .map((remark) => remark.string()),
      cache: store.has("cache") ? parseCacheStatus(store.field("cache")) : undefined,
    },
    logs: answer.field("logs").items().map(parseLogStatus),
    alarms: answer.field("alarms").items().map(parseAlarm),
  };
}

function parseCacheStatus(cache: Answer): CacheStatus {
  return {
    usedBytes: cache.field("used_bytes").integer(),
    hits: cache.field("hits").integer(),
    misses: cache.field("misses").integer(),
    fetchedBytes: cache.field("fetched_bytes").integer(),
  };
}

function parseLogStatus(log: Answer): LogStatus {
  return {
    name: log.field("name").string(),
    origin: log.field("origin").string(),
    treeSize: log.field("tree_size").integer(),
    lastCommitAge: log.has("last_commit_age_seconds")
      ? log.field("last_commit_age_seconds").number()
      : undefined,
    commitsPerSecond: log.field("commits_per_second").number(),
    eventsPerSecond: log.field("events_per_second").number(),
    journalStart: log.field("journal_start").integer(),
    sealedSize: log.field("sealed_size").integer(),
    segments: log.field("segments").integer(),
    indexedSize: log.field("indexed_size").integer(),
    following: log.has("following_seconds") ? log.field("following_seconds").number() : undefined,
    writable: log.field("writable").boolean(),
    reason: log.has("reason") ? log.field("reason").string() : undefined,
    mirrors: log.field("mirrors").items().map(parseMirrorStatus),
    publishedSize: log.field("published_size").integer(),
    publishedAt: log.has("published_at") ? log.field("published_at").string() : undefined,
    witnessedSize: log.has("witnessed_size") ? log.field("witnessed_size").integer() : undefined,
    witnesses: log.field("witnesses").items().map(parseWitnessStatus),
    verification: log.has("verification") ? parseVerification(log.field("verification")) : undefined,
  };
}

function parseWitnessStatus(witness: Answer): WitnessStatus {
  return {
    name: witness.field("name").string(),
    host: witness.field("host").string(),
    cosignedSize: witness.field("cosigned_size").integer(),
    cosignedAge: witness.has("cosigned_age_seconds")
      ? witness.field("cosigned_age_seconds").number()
      : undefined,
    ok: witness.field("ok").boolean(),
    failure: witness.has("failure") ? witness.field("failure").string() : undefined,
    reason: witness.has("reason") ? witness.field("reason").string() : undefined,
  };
}

/** @throws MalformedError `response_malformed` */
export function parseVerification(status: Answer): VerificationStatus {
  return {
    lastFullAt: status.has("last_full_at") ? status.field("last_full_at").string() : undefined,
    running: status.field("running").boolean(),
    progress: status.field("progress").number(),
    position: status.field("position").integer(),
    entriesPerSecond: status.field("entries_per_second").number(),
    findings: status.field("findings").integer(),
    late: status.field("late").boolean(),
  };
}

function parseMirrorStatus(mirror: Answer): MirrorStatus {
  return {
    place: mirror.field("place").string(),
    mode: mirror.field("mode").string(),
    mirroredSize: mirror.field("mirrored_size").integer(),
    lagEntries: mirror.field("lag_entries").integer(),
    lag: mirror.field("lag_seconds").number(),
    ok: mirror.field("ok").boolean(),
    reason: mirror.has("reason") ? mirror.field("reason").string() : undefined,
    conflicts: mirror.field("conflicts").integer(),
  };
}
