import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { errorCode } from "../store/storage-error.ts";
import { readParquetFooter, readRange } from "./parquet-footer.ts";
import { openSegmentFile } from "./segment-files.ts";
import { corruptSegment, parseSegmentMetadata, SEGMENT_METADATA_KEY, type Segment } from "./segment.ts";

/** A value of a segment file's key-value metadata, if it has the key. @throws VerificationError `segment_corrupt` */
export async function readSegmentMetadata(path: string, key: string): Promise<Buffer | undefined> {
  const file = await openSegmentFile(path);
  try {
    const { metadata } = await readParquetFooter(file, (await file.stat()).size);
    const range = metadata.get(key);
    return range && (await readRange(file, range));
  } catch (cause) {
    throw corruptSegment(path, "its footer can't be read", { cause });
  } finally {
    await file.close();
  }
}

/** One segment of a directory as its file describes it, unverified. @throws VerificationError `segment_corrupt` */
export async function readSegment(path: string): Promise<Segment> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw corruptSegment(path, `it can't be read (${errorCode(cause)})`, { cause });
  });
  const text = await readSegmentMetadata(path, SEGMENT_METADATA_KEY);
  if (text) return parseSegmentMetadata(text.toString(), path, size);
  throw corruptSegment(path, `${basename(path)} has no metadata of a segment`);
}
