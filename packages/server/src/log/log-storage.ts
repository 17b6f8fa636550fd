import type { SegmentFiles } from "../search/segment-files.ts";
import type { DescribedSegment, Segment } from "../search/segment.ts";
import type { CutTail } from "../store/file-journal.ts";
import type { Journal, SharedJournal } from "../store/journal.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { PrimaryLog } from "../mirror/primary-log.ts";
import type { LogCopy } from "../verify/background/log-copy.ts";
import type { AcknowledgedMark } from "./acknowledged-mark.ts";
import type { SignedTreeHead } from "./audit-log.ts";
import type { LogIdentity } from "./log-identity.ts";
import type { LogState } from "./log-state.ts";

/** Where a log is kept, opened and recovered: a directory of one process, or a store that many nodes share. */
export interface LogStorage {
  readonly identity: LogIdentity;
  readonly journal: Journal;
  /** The same journal, if other nodes append to it, too. */
  readonly shared?: SharedJournal;
  readonly state: LogState;
  readonly head: SignedTreeHead;
  readonly mark: AcknowledgedMark;
  readonly segments: readonly Segment[];
  readonly segmentFiles: SegmentFiles;
  readonly shelf: SegmentShelf;
  /** The same log as it is stored, for its verifier: with nothing that stands in for it. */
  readonly copy: LogCopy;
  /** The same log, as mirrors are made from it. */
  readonly primary: PrimaryLog;
  /** Whether this node is the one to do some work that is due once in a period, of all nodes of the log. */
  claimPeriod(work: string, period: number): Promise<boolean>;
  /** Where its anchors are. */
  readonly anchors: ObjectStore;
  /** What recovery took away. */
  readonly cutTail?: CutTail;
}

/** Who seals, and where segments go. */
export interface SegmentShelf {
  /** What tells the file of a segment from those that other nodes build of the same entries, if any can. */
  newSuffix(): string | undefined;

  /** The segment that begins at `start`, if another node has sealed from there; unverified against the tree. */
  find(start: number): Promise<Segment | undefined>;

  /** Whether this node is to seal from `start` on now: another one may be at it. */
  claim(start: number): Promise<boolean>;

  /**
   * Stores a segment that was built in the file at `path`, and takes the file away. Returns the segment that counts: this
   * one, or that of a node that was first.
   */
  publish(segment: DescribedSegment, path: string, resume: number): Promise<Segment>;
}
