import type { LogKeys } from "@stele/proof";
import type { AnchorObjects } from "../../anchor/anchors.ts";
import type { SignedTreeHead } from "../../log/audit-log.ts";
import type { Clock } from "../../log/clock.ts";
import type { Alarms } from "../../ops/alarms.ts";
import type { SearchIndex } from "../../search/search-index.ts";
import type { SegmentFiles } from "../../search/segment-files.ts";
import type { Segment } from "../../search/segment.ts";
import type { AuditProcess } from "../audit-process.ts";
import type { LogCopy } from "./log-copy.ts";
import type { ReferenceTree } from "./reference-tree.ts";

/** A copy of a log, and what it has to have. */
export interface VerifiedCopy {
  readonly copy: LogCopy;
  /** Where its anchors are, if they are to be looked at here. */
  readonly anchors?: AnchorObjects;
  /** A tree size: the entries below it are surely there. */
  readonly sizeMin: () => number;
}

/** A log of a running node, as its verifier sees it. */
export interface VerifiedLog {
  readonly name: string;
  readonly origin: string;
  /** The newest key. */
  readonly vkey: () => string;
  /** Of the log. */
  readonly keys: LogKeys;
  /** The primary first. */
  readonly copies: readonly VerifiedCopy[];
  readonly tree: ReferenceTree;
  readonly head: () => SignedTreeHead;
  /** All sealed segments that the node knows, in order. */
  readonly segments: () => readonly Segment[];
  /** Where this node's journal begins. */
  readonly journalStart: () => number;
  /** What the node itself keeps of segments. */
  readonly files: SegmentFiles;
  readonly search: Pick<SearchIndex, "compareHot">;
  /** Entries as the node would show them. */
  readonly readEntries: (from: number, to: number) => Promise<readonly Uint8Array[]>;
  /** Whether this node made the commit, or the segment, that begins here. Other nodes look at theirs. */
  readonly isOwn: (kind: "commit" | "segment", start: number) => boolean;
  /** Whether this node is the one to do some work in a period, of all nodes of the log. */
  readonly claim: (work: string, period: number) => Promise<boolean>;
  /** How far a mirror is, by its place: the entries below are surely there. */
  readonly mirroredSize: (place: string) => number;
  /** Whether there may be other nodes. */
  readonly isShared: boolean;
}

export interface VerificationOptions {
  readonly log: VerifiedLog;
  /** Where the verifier keeps what it knows. Better not with what it verifies. */
  readonly stateDirectory: string;
  /** Everything is read again within this time. */
  readonly everyMs: number;
  readonly process: AuditProcess;
  readonly alarms: Alarms;
  readonly clock: Clock;
  /** What failed though nothing is wrong with the log, for the operator. */
  readonly onFailure: (error: unknown) => void;
}
