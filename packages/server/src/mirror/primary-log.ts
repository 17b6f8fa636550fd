import type { ObjectStore } from "../store/object-store.ts";
import type { SegmentRecord } from "../search/segment-record.ts";

/** A seal record of the primary: verified, and as the bytes that are stored. */
export interface SealedRecord extends SegmentRecord {
  readonly note: Buffer;
}

/**
 * One log as its primary has it, to be brought to mirrors: a store that nodes share, or the data directory of one node.
 * Seal records are verified by whoever implements this; the rest is untrusted.
 *
 * Every method throws UnavailableError if the primary can't be read now.
 */
export interface PrimaryLog {
  /** Names it for a person. */
  readonly place: string;

  /** The bytes of `log.json`. @throws UnavailableError `log_unfinished` */
  identity(): Promise<Buffer>;

  /** The statement of this number about the log's keys, from 1 on; untrusted. */
  keyStatement(number: number): Promise<Uint8Array | undefined>;

  /** Where its anchors are; untrusted. */
  readonly anchors: Pick<ObjectStore, "place" | "get" | "list">;

  /** The seal record that begins at `start`. @throws VerificationError `segment_record_corrupt` */
  record(start: number): Promise<SealedRecord | undefined>;

  /** The commit that begins at `start`, exactly as a store keeps it. Cheapest if asked for in order. */
  commit(start: number): Promise<Buffer | undefined>;

  /** Where the oldest commit begins that is kept, if there is any. */
  oldestCommit(): Promise<number | undefined>;

  /** How long the file of a segment is; undefined if it is not there. */
  segmentLengthBytes(record: SealedRecord): Promise<number | undefined>;

  /** Bytes `[from, to)` of the file of a segment. */
  readSegment(record: SealedRecord, from: number, to: number): Promise<Uint8Array>;
}
