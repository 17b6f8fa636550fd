import { Type, type Static } from "typebox";
import type { MirrorState } from "../mirror/mirror-writer.ts";
import type { WitnessState } from "../publish/witness.ts";
import type { SegmentCacheCounters } from "../search/segment-cache.ts";
import type { LogStatus } from "../ops/status.ts";
import type { Api, ApiContext } from "./api.ts";
import { AlarmBody, summaryJson } from "./alarm-body.ts";
import { answers, json, reference, Size } from "./schemas.ts";
import { VerificationBody, verificationJson } from "./verification-body.ts";

const Seconds = Type.Number({ minimum: 0 });
const Reason = Type.Optional(Type.String({ description: "Why not" }));

const Mirror = Type.Object({
  place: Type.String(),
  mode: Type.Enum(["async", "sync"]),
  mirrored_size: Size,
  lag_entries: Type.Integer({ minimum: 0 }),
  lag_seconds: Seconds,
  ok: Type.Boolean(),
  reason: Reason,
  conflicts: Type.Integer({ minimum: 0, description: "Objects that differ from the primary's" }),
});

const Witness = Type.Object({
  name: Type.String({ description: "In the policy" }),
  host: Type.String(),
  cosigned_size: Size,
  cosigned_age_seconds: Type.Optional(Seconds),
  ok: Type.Boolean(),
  failure: Type.Optional(Type.String({ description: "Stable: for programs" })),
  reason: Reason,
});

const Log = Type.Object({
  name: Type.String(),
  origin: Type.String(),
  tree_size: Size,
  last_commit_at: Type.Optional(Type.String({ format: "date-time" })),
  last_commit_age_seconds: Type.Optional(Seconds),
  commits_per_second: Type.Number({ minimum: 0, description: "Over ten seconds, of all nodes" }),
  events_per_second: Type.Number({ minimum: 0 }),
  journal_start: Type.Integer({
    minimum: 0,
    description: "This node's journal holds the entries from here on",
  }),
  sealed_size: Size,
  segments: Type.Integer({ minimum: 0 }),
  indexed_size: Size,
  following_seconds: Type.Optional(
    Type.Number({
      minimum: 0,
      description:
        "How long ago this node knew for sure that no other had committed more; absent if it never did",
    }),
  ),
  writable: Type.Boolean(),
  reason: Reason,
  mirrors: Type.Array(Mirror),
  published_size: Size,
  published_at: Type.Optional(Type.String({ format: "date-time" })),
  witnessed_size: Type.Optional(Size),
  witnesses: Type.Array(Witness),
  verification: Type.Optional(VerificationBody),
});

const Cache = Type.Object(
  {
    used_bytes: Type.Integer({ minimum: 0, description: "Of the disk" }),
    hits: Type.Integer({ minimum: 0, description: "Parts of segments that were there" }),
    misses: Type.Integer({ minimum: 0, description: "Parts that had to be fetched" }),
    fetched_bytes: Type.Integer({ minimum: 0 }),
  },
  { description: "Of segments in a shared store, since the process began; absent of a directory" },
);

const Status = Type.Object({
  state: Type.Enum(["starting", "ready", "stopping"]),
  started_at: Type.String({ format: "date-time" }),
  store: Type.Object({
    place: Type.String(),
    kind: Type.Enum(["directory", "shared"]),
    vault_lock: Type.Enum(["compliance", "governance", "none", "unsupported"]),
    remarks: Type.Array(Type.String()),
    cache: Type.Optional(Cache),
  }),
  logs: Type.Array(Log),
  alarms: Type.Array(reference(AlarmBody), { description: "Those that are active, oldest first" }),
});

/** What the node is at. */
export function statusRoutes(api: Api, { node, nowMs }: ApiContext): void {
  api.get(
    "/v1/status",
    {
      config: { role: "reader" },
      schema: {
        tags: ["operations"],
        operationId: "getStatus",
        summary: "What the node, its store and its logs are at",
        response: answers(200, "The status", json(Status)),
      },
    },
    () => {
      const { state, startedMs, store, logs, alarms } = node.status();
      return {
        state,
        started_at: new Date(startedMs).toISOString(),
        store: {
          place: store.place,
          kind: store.kind,
          vault_lock: store.vaultLock,
          remarks: [...store.remarks],
          ...(store.cache && { cache: cacheStatus(store.cache) }),
        },
        logs: logs.map((log) => logStatus(log, nowMs())),
        alarms: alarms.map(summaryJson),
      };
    },
  );
}

function cacheStatus({ usedBytes, hits, misses, fetchedBytes }: SegmentCacheCounters): Static<typeof Cache> {
  return { used_bytes: usedBytes, hits, misses, fetched_bytes: fetchedBytes };
}

function logStatus(log: LogStatus, nowMs: number): Static<typeof Log> {
  const { lastCommitMs, writable } = log;
  return {
    name: log.name,
    origin: log.origin,
    tree_size: log.treeSize,
    ...(lastCommitMs !== undefined && {
      last_commit_at: new Date(lastCommitMs).toISOString(),
      last_commit_age_seconds: Math.max(0, nowMs - lastCommitMs) / 1000,
    }),
    commits_per_second: log.commitsPerSecond,
    events_per_second: log.eventsPerSecond,
    journal_start: log.journalStart,
    sealed_size: log.sealedSize,
    segments: log.segments,
    indexed_size: log.indexedSize,
    ...(Number.isFinite(log.followingMs) && { following_seconds: log.followingMs / 1000 }),
    writable: writable.ok,
    ...(!writable.ok && { reason: writable.reason }),
    mirrors: log.mirrors.map(mirrorStatus),
    published_size: log.publishedSize,
    ...(log.publishedMs !== undefined && { published_at: new Date(log.publishedMs).toISOString() }),
    ...(log.witnessedSize !== undefined && { witnessed_size: log.witnessedSize }),
    witnesses: log.witnesses.map(witnessStatus),
    ...(log.verification && { verification: verificationJson(log.verification) }),
  };
}

function witnessStatus(witness: WitnessState): Static<typeof Witness> {
  const { failure, cosignedAgoMs } = witness;
  return {
    name: witness.name,
    host: witness.host,
    cosigned_size: witness.cosignedSize,
    ...(cosignedAgoMs !== undefined && { cosigned_age_seconds: cosignedAgoMs / 1000 }),
    ok: failure === undefined,
    ...(failure && { failure: failure.reason, reason: `It ${failure.message}` }),
  };
}

function mirrorStatus(mirror: MirrorState): Static<typeof Mirror> {
  const { failure } = mirror;
  return {
    place: mirror.place,
    mode: mirror.mode,
    mirrored_size: mirror.mirroredSize,
    lag_entries: mirror.lagEntries,
    lag_seconds: mirror.lagMs / 1000,
    ok: failure === undefined,
    ...(failure !== undefined && { reason: failure }),
    conflicts: mirror.conflicts,
  };
}
