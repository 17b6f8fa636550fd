import { basename } from "node:path";
import { decodeBase64, encodeBase64, HASH_LENGTH_BYTES, TILE_WIDTH, VerificationError } from "@stele/proof";
import type { IdIndex } from "./id-index.ts";
import type { SegmentStatistics } from "./segment-statistics.ts";

/** A sealed segment, from its name and its `stele.segment` metadata (docs/spec/segment.md). None of it is verified. */
export interface Segment {
  readonly path: string;
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

export const SEGMENT_METADATA_KEY = "stele.segment";
/** The Bloom filters of the ids, if the segment has them. */
export const ID_FILTER_KEY = "stele.ids";
const VERSION = 1;
const FILE_NAME = /^(\d{16})-(\d{16})\.parquet$/;

export function segmentFileName(start: number, end: number): string {
  return `${[start, end].map((index) => String(index).padStart(16, "0")).join("-")}.parquet`;
}

/** The range in a file's name, or undefined if it is not the name of a segment. */
export function parseSegmentFileName(name: string): { start: number; end: number } | undefined {
  const [, start, end] = FILE_NAME.exec(name) ?? [];
  return start === undefined ? undefined : { start: Number(start), end: Number(end) };
}

export function formatSegmentMetadata(segment: Omit<Segment, "path" | "lengthBytes">): string {
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
  const name = parseSegmentFileName(basename(path));
  let segment: Segment;
  try {
    const json = JSON.parse(text) as MetadataJson;
    if (json.v !== VERSION) throw new RangeError(`its version is ${String(json.v)}, not ${VERSION}`);
    const { origin, start, end, checkpoint, ids, statistics } = json;
    const subtreeHashes = decodeBase64(json.subtree_hashes);
    segment = { path, lengthBytes, origin, start, end, checkpoint, ids, statistics, subtreeHashes };
  } catch (cause) {
    throw corruptSegment(path, "its metadata can't be read", { cause });
  }
  const { start, end, subtreeHashes } = segment;
  const count = end - start;
  const consistent =
    start === name?.start &&
    end === name.end &&
    isAligned(start) &&
    isAligned(end) &&
    count > 0 &&
    subtreeHashes.length === (count / TILE_WIDTH) * HASH_LENGTH_BYTES;
  if (!consistent) throw corruptSegment(path, "its metadata does not fit its name");
  return segment;
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
