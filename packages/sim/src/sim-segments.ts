import { hash } from "node:crypto";
import {
  receivedAtMs,
  segmentFileName,
  type DescribedSegment,
  type Segment,
  type SegmentCopies,
  type SegmentPlan,
} from "@stele/server/protocol";

/** Puts a segment among the files of a machine. Its file is its entry lines: what DuckDB makes is tested elsewhere. */
export function buildSegment(
  { start, end, suffix, subtreeHashes, checkpoint }: SegmentPlan,
  entries: readonly Uint8Array[],
  origin: string,
  files: Map<string, Buffer>,
): { segment: DescribedSegment; path: string } {
  const bytes = Buffer.concat(entries.flatMap((entry) => [entry, Buffer.from("\n")]));
  const key = segmentFileName(start, end, suffix);
  const path = `staging/${key}`;
  files.set(path, bytes);
  const digest = hash("sha256", bytes, "buffer");
  const receivedAt: [number, number] = [receivedAtMs(entries[0]!), receivedAtMs(entries.at(-1)!)];
  const segment: DescribedSegment = {
    key,
    origin,
    start,
    end,
    subtreeHashes,
    checkpoint,
    lengthBytes: bytes.length,
    digests: {
      file: digest,
      columns: hash("sha256", "", "buffer"),
      entryRanges: [{ rows: end - start, from: 0, to: bytes.length, sha256: digest }],
    },
    ids: { kind: "ranges", ranges: [] },
    statistics: { occurred_at: receivedAt, received_at: receivedAt, values: {} },
  };
  return { segment, path };
}

/** Copies of segments among the files of a machine, under their keys. */
export function copiesIn(files: Map<string, Buffer>): SegmentCopies {
  return {
    prefetch: async () => Promise.resolve(),
    keep: async (path: string) => {
      files.set(`${path}.kept`, files.get(path)!);
      return `${path}.kept`;
    },
    adopt: async ({ key }: Segment, kept: string) => {
      files.set(key, files.get(kept)!);
    },
    drop: async (kept: string) => {
      files.delete(kept);
    },
  };
}
