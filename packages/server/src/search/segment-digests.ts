import { createHash, type Hash } from "node:crypto";
import { entryRanges } from "./entry-groups.ts";
import { readRange } from "./parquet-footer.ts";
import { openSegmentFile } from "./segment-files.ts";
import { corruptSegment, type DescribedSegment, type EntryRange, type SegmentDigests } from "./segment.ts";

/** Bytes `[from, to)` of a file. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

const READ_BYTES = 1024 * 1024;

/**
 * Hashes a segment's file and its parts, reading it once.
 *
 * @throws VerificationError `segment_corrupt` if it is no Parquet file with a column `entry`
 */
export async function describeSegmentFile(
  path: string,
): Promise<{ readonly lengthBytes: number; readonly digests: SegmentDigests }> {
  const found = (await entryRanges(path)).map(({ rows, offset, lengthBytes }) => ({
    rows,
    from: offset,
    to: offset + lengthBytes,
  }));
  const file = await openSegmentFile(path);
  try {
    const lengthBytes = (await file.stat()).size;
    const whole = createHash("sha256");
    const columns = createHash("sha256");
    const add = async (part: Hash, range: ByteRange): Promise<void> => {
      for (const piece of piecesOf(range, READ_BYTES)) {
        const bytes = await readRange(file, { offset: piece.from, lengthBytes: piece.to - piece.from });
        whole.update(bytes);
        part.update(bytes);
      }
    };
    if (!isInOrder(found, lengthBytes)) throw corruptSegment(path, "its entries are not in order");
    const ranges: EntryRange[] = [];
    const gaps = rangesBetween(found, lengthBytes);
    for (const [i, range] of found.entries()) {
      const entries = createHash("sha256");
      await add(columns, gaps[i]!);
      await add(entries, range);
      ranges.push({ ...range, sha256: entries.digest() });
    }
    await add(columns, gaps.at(-1)!);
    const digests = { file: whole.digest(), columns: columns.digest(), entryRanges: ranges };
    return { lengthBytes, digests };
  } finally {
    await file.close();
  }
}

/** What of the file is in no entry range, in order: before each of them, and behind the last. Some may be empty. */
export function columnRanges({
  digests,
  lengthBytes,
}: Pick<DescribedSegment, "digests" | "lengthBytes">): ByteRange[] {
  return rangesBetween(digests.entryRanges, lengthBytes);
}

/** Whether the ranges follow each other inside of the file. */
export function isInOrder(ranges: readonly ByteRange[], lengthBytes: number): boolean {
  let end = 0;
  for (const { from, to } of ranges) {
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < end || to <= from) return false;
    end = to;
  }
  return end <= lengthBytes;
}

function rangesBetween(ranges: readonly ByteRange[], lengthBytes: number): ByteRange[] {
  const ends = [0, ...ranges.map(({ to }) => to)];
  return ends.map((from, i) => ({ from, to: ranges[i]?.from ?? lengthBytes }));
}

/** A range in pieces of at most so many bytes. */
export function piecesOf({ from, to }: ByteRange, lengthMax: number): ByteRange[] {
  const count = Math.ceil((to - from) / lengthMax);
  return Array.from({ length: count }, (_, i) => ({
    from: from + i * lengthMax,
    to: Math.min(to, from + (i + 1) * lengthMax),
  }));
}
