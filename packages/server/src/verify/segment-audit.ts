import { BlockHasher } from "../search/block-hasher.ts";
import { LocalSegmentFiles } from "../search/segment-files.ts";
import { streamEntryPages } from "../search/segment-reader.ts";
import type { Segment } from "../search/segment.ts";
import { TimeAudit, type ReceivedTimes } from "./time-audit.ts";

/** What the entries of a segment hash to. */
export interface SegmentHashes {
  /** One hash for each 256 entries, 32 bytes each. */
  readonly subtreeHashes: Uint8Array;
  /** The 256 leaf hashes of the blocks that they were asked for, by the block's first entry. */
  readonly leafHashes: ReadonlyMap<number, Uint8Array>;
  readonly entries: number;
  readonly bytes: number;
  readonly times?: ReceivedTimes;
}

export interface SegmentQuestion {
  /** Where the segment is. */
  readonly directory: string;
  readonly segment: Segment;
  /** First entries of the blocks whose leaf hashes are wanted. */
  readonly leavesOf: readonly number[];
}

/** Hashes every entry of a segment, from its bytes. `told` how many are done, often. */
export async function hashSegment(
  { directory, segment, leavesOf }: SegmentQuestion,
  told: (entries: number) => void = () => undefined,
): Promise<SegmentHashes> {
  const wanted = new Set(leavesOf);
  const subtrees: string[] = [];
  const leafHashes = new Map<number, Uint8Array>();
  const times = new TimeAudit();
  const hasher = new BlockHasher(segment.start);
  let bytes = 0;
  for await (const page of streamEntryPages(new LocalSegmentFiles(directory), segment)) {
    const first = hasher.next;
    for (const block of hasher.take(page)) {
      subtrees.push(block.subtreeHash);
      if (wanted.has(block.start)) {
        leafHashes.set(block.start, Buffer.from(block.leafHashes.join(""), "latin1"));
      }
    }
    for (let i = 0; i < page.length; i++) {
      times.entryAt(page.bytes, page.offsets[i]!, page.offsets[i + 1]!, first + i);
    }
    bytes += page.offsets.at(-1)! - page.offsets[0]!;
    told(hasher.next - segment.start);
  }
  return {
    subtreeHashes: Buffer.from(subtrees.join(""), "latin1"),
    leafHashes,
    entries: hasher.next - segment.start,
    bytes,
    ...(times.times && { times: times.times }),
  };
}
