import { rootOfLeaves, TILE_WIDTH, type Hash } from "@stele/proof";
import { nativeHasher } from "../log/native-hasher.ts";
import { LocalSegmentFiles } from "../search/segment-files.ts";
import { streamEntryBlocks } from "../search/segment-reader.ts";
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
  const subtrees: Hash[] = [];
  const leafHashes = new Map<number, Uint8Array>();
  const times = new TimeAudit();
  let block: Hash[] = [];
  let index = segment.start;
  let bytes = 0;
  for await (const { entries } of streamEntryBlocks(new LocalSegmentFiles(directory), segment)) {
    for (const entry of entries) {
      block.push(nativeHasher.leaf(entry));
      bytes += entry.length;
      times.entry(entry, index);
      index++;
      if (index % TILE_WIDTH !== 0) continue;
      subtrees.push(rootOfLeaves(block, nativeHasher));
      if (wanted.has(index - TILE_WIDTH)) leafHashes.set(index - TILE_WIDTH, Buffer.concat(block));
      block = [];
    }
    told(index - segment.start);
  }
  return {
    subtreeHashes: Buffer.concat(subtrees),
    leafHashes,
    entries: index - segment.start,
    bytes,
    ...(times.times && { times: times.times }),
  };
}
