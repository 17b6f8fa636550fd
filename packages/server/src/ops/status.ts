import type { AlarmRecord } from "./alarms.ts";
import type { MirrorState } from "../mirror/mirror-writer.ts";
import type { WitnessState } from "../publish/witness.ts";
import type { SegmentCacheCounters } from "../search/segment-cache.ts";

/** What a node and its logs are at, for `GET /v1/status`, `stele status` and whoever is awake at three. */
export interface NodeStatus {
  readonly state: "starting" | "ready" | "stopping";
  /** Unix milliseconds. */
  readonly startedMs: number;
  readonly store: StoreStatus;
  readonly logs: readonly LogStatus[];
  /** Of the logs whose sources are known. */
  readonly sources: readonly SourcesStatus[];
  /** Those that are active, oldest first. */
  readonly alarms: readonly AlarmRecord[];
}

export interface StoreStatus {
  /** Names it for a person. */
  readonly place: string;
  readonly kind: "directory" | "shared";
  /** `unsupported`: a directory, which can't keep anybody from deleting; `none`: the operator accepted that. */
  readonly vaultLock: "compliance" | "governance" | "none" | "unsupported";
  /** What an operator should know, in words: an endpoint that is down, a vault that does not lock. */
  readonly remarks: readonly string[];
  /** What the node keeps of segments in a shared store. */
  readonly cache?: SegmentCacheCounters;
}

/** How many sources of a log are not as they should be: what the alarms `source_gap` and `source_silent` tell. */
export interface SourcesStatus {
  readonly log: string;
  readonly withGaps: number;
  readonly silent: number;
}

export interface LogStatus {
  readonly name: string;
  readonly origin: string;
  readonly treeSize: number;
  /** When this node took over the newest commit, or that was received (Unix milliseconds); undefined if there is none. */
  readonly lastCommitMs: number | undefined;
  readonly commitsPerSecond: number;
  readonly eventsPerSecond: number;
  /** Leaf indexes `[journalStart, treeSize)` are in this node's journal; those below `sealedSize` are in segments. */
  readonly journalStart: number;
  readonly sealedSize: number;
  readonly segments: number;
  readonly indexedSize: number;
  /** Submissions that were accepted and are not committed yet. */
  readonly queueBytes: number;
  /** How long ago this node knew for sure that no other had committed more (milliseconds). */
  readonly followingMs: number;
  readonly writable: { readonly ok: true } | { readonly ok: false; readonly reason: string };
  readonly mirrors: readonly MirrorState[];
  /** Of the checkpoint that is published. */
  readonly publishedSize: number;
  /** When it was published (Unix milliseconds); undefined if no policy asks for witnesses, or none was. */
  readonly publishedMs: number | undefined;
  /** Entries below it are under a checkpoint that a quorum of witnesses cosigned; undefined if no policy asks for one. */
  readonly witnessedSize: number | undefined;
  readonly witnesses: readonly WitnessState[];
  /** Of the verifier in this node; undefined if it is switched off. */
  readonly verification: VerificationStatus | undefined;
}

/** How far the verifier of a log is. */
export interface VerificationStatus {
  /** When everything was last read (Unix milliseconds), if it ever was. */
  readonly lastFullMs?: number;
  readonly isRunning: boolean;
  /** Of the pass that runs: 0 to 1. */
  readonly progress: number;
  /** A leaf index: what the pass is reading. */
  readonly position: number;
  readonly entriesPerSecond: number;
  /** Since the process began. */
  readonly verifiedBytes: number;
  /** What was found, and was not found right since. */
  readonly findings: number;
  /** Not everything was read in time. */
  readonly isLate: boolean;
}
