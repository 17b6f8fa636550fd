import { equalBytes, HASH_LENGTH_BYTES, TILE_WIDTH, VerificationError } from "@stele/proof";
import type { Segment } from "../search/segment.ts";
import type { SegmentHashes } from "./segment-audit.ts";

/** Where the runs of 256 entries of a segment begin. */
export function blockStarts({ start, end }: Segment): number[] {
  return Array.from({ length: (end - start) / TILE_WIDTH }, (_, i) => start + i * TILE_WIDTH);
}

/** The hashes that a segment carries must be those of its entries. @throws VerificationError `segment_mismatch` */
export function compareSegment(path: string, segment: Segment, hashes: SegmentHashes): void {
  if (hashes.entries !== segment.end - segment.start) {
    throw new VerificationError(
      "segment_mismatch",
      `${path}: holds ${hashes.entries} entries, not ${segment.end - segment.start}`,
      { path },
    );
  }
  for (const [i, start] of blockStarts(segment).entries()) {
    const slice = [i * HASH_LENGTH_BYTES, (i + 1) * HASH_LENGTH_BYTES] as const;
    const computed = hashes.subtreeHashes.subarray(...slice);
    const expected = segment.subtreeHashes.subarray(...slice);
    if (equalBytes(computed, expected)) continue;
    throw new VerificationError(
      "segment_mismatch",
      `${path}: the entries [${start}, ${start + TILE_WIDTH}) are not those that were sealed`,
      { path, start, computed, expected },
    );
  }
}
