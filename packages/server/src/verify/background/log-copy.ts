import type { SegmentFiles } from "../../search/segment-files.ts";
import type { SegmentRecord } from "../../search/segment-record.ts";
import type { Segment } from "../../search/segment.ts";
import type { ParsedCommit } from "../../store/commit.ts";

/** A segment as a copy of the log describes it. In a directory of one node there are no seal records, so less is known. */
export interface CopiedSegment extends Partial<Pick<SegmentRecord, "resume" | "retainUntilMs">> {
  readonly segment: Segment;
}

/** A commit as it was read, or why it can't be. */
export type CopiedCommit = ReadCommit | { readonly place: string; readonly error: Error };

export interface ReadCommit {
  readonly place: string;
  readonly commit: Pick<ParsedCommit, "origin" | "start" | "count" | "checkpoint" | "entryLines">;
}

/**
 * One log as it is stored in one place: its primary, or a mirror. Nothing that it gives is believed. Every method throws
 * UnavailableError if the place can't be read now, which says nothing about what is there.
 */
export interface LogCopy {
  /** Names it for a person. */
  readonly place: string;
  /** Reads entries of segments. */
  readonly files: SegmentFiles;

  /** The bytes of `log.json`, if it is there. */
  identity(): Promise<Buffer | undefined>;

  /** What a node noted there as acknowledged, beside the commits themselves; undefined if there is no such thing. */
  acknowledged(): Promise<{ readonly place: string; readonly note: Uint8Array } | undefined>;

  /** Where segments begin, by their names, ascending. */
  segmentStarts(): Promise<number[]>;

  /** The segment that begins at `start`; undefined if it is gone. @throws VerificationError if its description is damaged */
  segment(start: number): Promise<CopiedSegment | undefined>;

  /** Names a segment's file for a person. */
  placeOf(segment: Segment): string;

  /**
   * Runs `work` with a local directory that has the segment's file; the file's own hash was compared, where it is known.
   *
   * @throws VerificationError `segment_corrupt`, with the part that is damaged
   */
  withFile<T>(segment: CopiedSegment, work: (directory: string) => Promise<T>): Promise<T>;

  /** @throws VerificationError `segment_not_locked` */
  auditLock(segment: CopiedSegment): Promise<void>;

  /** Where reading the journal begins, given the newest segment: what is before is sealed. */
  journalStart(newest: CopiedSegment | undefined): Promise<number>;

  /** The commits that are there, in order, beginning with the one that holds entry `from`. */
  commits(from: number): AsyncGenerator<CopiedCommit>;

  /** The commits that begin at these leaf indexes, ascending, read again; those that are gone are left out. */
  commitsAt(starts: readonly number[]): AsyncGenerator<CopiedCommit>;
}
