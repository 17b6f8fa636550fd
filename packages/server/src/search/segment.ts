import { basename } from "node:path";
import { decodeBase64, encodeBase64, HASH_LENGTH_BYTES, TILE_WIDTH, VerificationError } from "@stele/proof";
import type { IdIndex } from "./id-index.ts";
import type { SegmentStatistics } from "./segment-statistics.ts";

/** A sealed segment, from its name and its `stele.segment` metadata (docs/spec/segment.md). None of it is verified. */
export interface Segment {
  /** Its file name in the vault. */
  readonly key: string;
  /** Which version of the object it is, where the vault keeps versions. */
  readonly version?: string;
  /** What its bytes hash to. Of a file in a local directory, nobody needs to know. */
  readonly digests?: SegmentDigests;
  /** Leaf indexes `[start, end)`, multiples of 256. */
  readonly start: number;
  readonly end: number;
  readonly origin: string;
  /** RFC 6962 hashes of each complete run of 256 entries, 32 bytes each, in order. */
  readonly subtreeHashes: Uint8Array;
  /** A signed note of a size of at least `end`. */
  readonly checkpoint: string;
  readonly lengthBytes: number;
  readonly ids: IdIndex;
  readonly statistics: SegmentStatistics;
}

/** A segment whose bytes can be verified. */
export interface DescribedSegment extends Segment {
  readonly digests: SegmentDigests;
}

/** SHA-256 hashes of the file and of its parts, to verify what was fetched of it. 32 bytes each. */
export interface SegmentDigests {
  readonly file: Uint8Array;
  /** Of all bytes that are in no entry range, in the order of the file: typed columns and footer. */
  readonly columns: Uint8Array;
  /** Where the column `entry` is, in the order of the file. */
  readonly entryRanges: readonly EntryRange[];
}

/** The column `entry` of one row group: bytes `[from, to)` of the file. */
export interface EntryRange {
  readonly rows: number;
  readonly from: number;
  readonly to: number;
  readonly sha256: Uint8Array;
}

export const SEGMENT_METADATA_KEY = "stele.segment";
/** The Bloom filters of the ids, if the segment has them. */
export const ID_FILTER_KEY = "stele.ids";
const VERSION = 1;
const FILE_NAME = /^(\d{16})-(\d{16})(?:-[0-9a-f]{8})?\.parquet$/;

/** @param suffix 8 lower-case hexadecimal digits, where several nodes may seal the same range */
export function segmentFileName(start: number, end: number, suffix?: string): string {
  const range = [start, end].map((index) => String(index).padStart(16, "0"));
  return `${[...range, ...(suffix === undefined ? [] : [suffix])].join("-")}.parquet`;
}

/** The range in a file's name, or undefined if it is not the name of a segment. */
export function parseSegmentFileName(name: string): { start: number; end: number } | undefined {
  const [, start, end] = FILE_NAME.exec(name) ?? [];
  return start === undefined ? undefined : { start: Number(start), end: Number(end) };
}

export function formatSegmentMetadata(segment: Omit<Segment, "key" | "lengthBytes">): string {
  const { origin, start, end, checkpoint, statistics, ids } = segment;
  return JSON.stringify({
    v: VERSION,
    origin,
    start,
    end,
    subtree_hashes: encodeBase64(segment.subtreeHashes),
    checkpoint,
    ids,
    statistics,
  });
}

/**
 * @throws VerificationError `segment_corrupt` unless it has the form that {@link formatSegmentMetadata} writes and
 *   belongs to this file name
 */
export function parseSegmentMetadata(text: string, path: string, lengthBytes: number): Segment {
  const key = basename(path);
  let segment: Segment;
  try {
    const json = JSON.parse(text) as MetadataJson;
    if (json.v !== VERSION) throw new RangeError(`its version is ${String(json.v)}, not ${VERSION}`);
    const { origin, start, end, checkpoint, ids, statistics } = json;
    const subtreeHashes = decodeBase64(json.subtree_hashes);
    segment = { key, lengthBytes, origin, start, end, checkpoint, ids, statistics, subtreeHashes };
  } catch (cause) {
    throw corruptSegment(path, "its metadata can't be read", { cause });
  }
  if (!isConsistent(segment)) throw corruptSegment(path, "its metadata does not fit its name");
  return segment;
}

/** Whether name, range and number of hashes agree. */
export function isConsistent({
  key,
  start,
  end,
  subtreeHashes,
}: Pick<Segment, "key" | "start" | "end" | "subtreeHashes">): boolean {
  const name = parseSegmentFileName(key);
  const count = end - start;
  return (
    start === name?.start &&
    end === name.end &&
    isAligned(start) &&
    isAligned(end) &&
    count > 0 &&
    subtreeHashes.length === (count / TILE_WIDTH) * HASH_LENGTH_BYTES
  );
}

interface MetadataJson {
  readonly v: unknown;
  readonly origin: string;
  readonly start: number;
  readonly end: number;
  readonly subtree_hashes: string;
  readonly checkpoint: string;
  readonly ids: IdIndex;
  readonly statistics: SegmentStatistics;
}

function isAligned(index: number): boolean {
  return Number.isSafeInteger(index) && index % TILE_WIDTH === 0;
}

/** The file is not what was sealed. Nothing in it is to be believed. */
export function corruptSegment(path: string, what: string, options: ErrorOptions = {}): VerificationError {
  return new VerificationError(
    "segment_corrupt",
    `The segment ${path} is damaged: ${what}. Restore this file from a copy`,
    { path },
    options,
  );
}
