import { equalBytes, HASH_LENGTH_BYTES, TILE_WIDTH, VerificationError } from "@stele/proof";
import type { Segment } from "../search/segment.ts";
import type { SegmentHashes } from "./segment-audit.ts";
import type { TreeAudit } from "./tree-audit.ts";

/** Where the runs of 256 entries of a segment begin. */
function blockStarts({ start, end }: Segment): number[] {
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
    compareBlock(
      path,
      segment,
      start,
      hashes.subtreeHashes.subarray(i * HASH_LENGTH_BYTES, (i + 1) * HASH_LENGTH_BYTES),
    );
  }
}

/** The same of the run of 256 entries from `start` on, which hash to `computed`. @throws VerificationError `segment_mismatch` */
export function compareBlock(path: string, segment: Segment, start: number, computed: Uint8Array): void {
  const at = ((start - segment.start) / TILE_WIDTH) * HASH_LENGTH_BYTES;
  const expected = segment.subtreeHashes.subarray(at, at + HASH_LENGTH_BYTES);
  if (equalBytes(computed, expected)) return;
  throw new VerificationError(
    "segment_mismatch",
    `${path}: the entries [${start}, ${start + TILE_WIDTH}) are not those that were sealed`,
    { path, start, end: start + TILE_WIDTH, computed, expected },
  );
}

/** The runs of 256 entries of a segment whose leaves a tree needs: one of its claims ends inside. */
export function neededLeaves(audit: TreeAudit, segment: Segment): number[] {
  return blockStarts(segment).filter((start) => audit.needsLeaves(start, start + TILE_WIDTH));
}

/** Appends a segment that was hashed: by its leaves where they were needed, by runs of 256 entries elsewhere. */
export function appendSegment(audit: TreeAudit, segment: Segment, hashes: SegmentHashes): void {
  for (const [i, start] of blockStarts(segment).entries()) {
    const leaves = hashes.leafHashes.get(start);
    if (leaves) audit.appendLeaves(leaves);
    else {
      audit.appendBlock(hashes.subtreeHashes.subarray(i * HASH_LENGTH_BYTES, (i + 1) * HASH_LENGTH_BYTES));
    }
  }
}
