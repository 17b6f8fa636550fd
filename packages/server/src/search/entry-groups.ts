import { readEntryPages, type EntryPage } from "./entry-pages.ts";
import { readParquetFooter, type FileRange } from "./parquet-footer.ts";
import { openSegmentFile, type SegmentFiles } from "./segment-files.ts";
import { corruptSegment, type Segment } from "./segment.ts";

/** Entries of a segment that are compressed together, and where the column `entry` has them. */
export interface EntryGroup {
  /** Leaf indexes `[start, end)`. */
  readonly start: number;
  readonly end: number;
  readonly range: FileRange;
}

/** All entries of a segment, in order. @throws VerificationError `segment_corrupt` */
export async function entryGroups(files: SegmentFiles, segment: Segment): Promise<EntryGroup[]> {
  const { digests, start, end } = segment;
  const ranges =
    digests?.entryRanges.map(({ rows, from, to }) => ({ rows, offset: from, lengthBytes: to - from })) ??
    (await files.using([segment], "columns", async ([path]) => await entryRanges(path!)));
  let next = start;
  const groups = ranges.map(({ rows, offset, lengthBytes }) => ({
    start: next,
    end: (next += rows),
    range: { offset, lengthBytes },
  }));
  if (next !== end) throw corruptSegment(files.place(segment), `it holds entries up to ${next}`);
  return groups;
}

/** The pages that have the entries of a group, unverified. @throws VerificationError `segment_corrupt` */
export async function readGroupPages(
  files: SegmentFiles,
  segment: Segment,
  { start, end, range: { offset, lengthBytes } }: EntryGroup,
): Promise<EntryPage[]> {
  const chunk = await files.read(segment, offset, offset + lengthBytes);
  try {
    return await readEntryPages(chunk, end - start);
  } catch (cause) {
    throw corruptSegment(files.place(segment), `entries [${start}, ${end}) can't be read`, { cause });
  }
}

/** The exact bytes of the entries of a group, unverified; they share memory. @throws VerificationError `segment_corrupt` */
export async function readEntryGroup(
  files: SegmentFiles,
  segment: Segment,
  group: EntryGroup,
): Promise<Buffer[]> {
  return (await readGroupPages(files, segment, group)).flatMap((page) => page.entries());
}

/** Where a file has the column `entry`, from its footer. @throws VerificationError `segment_corrupt` */
export async function entryRanges(path: string): Promise<(FileRange & { readonly rows: number })[]> {
  const file = await openSegmentFile(path);
  try {
    const { rowGroups } = await readParquetFooter(file, (await file.stat()).size);
    return rowGroups.map(({ rows, columns }) => {
      const range = columns.get("entry");
      if (!range) throw new RangeError("It has no column of entries");
      return { rows, ...range };
    });
  } catch (cause) {
    throw corruptSegment(path, "its footer can't be read", { cause });
  } finally {
    await file.close();
  }
}
