import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { UnavailableError } from "@stele/proof";
import { errorCode } from "../store/storage-error.ts";
import { readRange } from "./parquet-footer.ts";
import { corruptSegment, type Segment } from "./segment.ts";

/** What is needed of a file: "columns" is the footer and the typed columns, without the column `entry`. */
export type SegmentNeed = "columns" | "all";

/** Where the bytes of segments come from: a directory that has them all, or a vault behind a bounded cache. */
export interface SegmentFiles {
  /** How many bytes callers should ask for at once with {@link using}, if they can do with less than all segments. */
  readonly bytesAtOnce: number;

  /** Names the file for a person. */
  place(segment: Segment): string;

  /**
   * Gives `work` the paths of Parquet files, in the order of `segments`; they are there until it ends. With "columns",
   * the column `entry` may be a hole, which must not be read. Whatever was fetched was compared with the digests of the
   * segment first. `work` may run a second time if it finds a file damaged (`segment_corrupt`). It must
   * not ask for segments itself: it would wait for its own end.
   *
   * @throws VerificationError `segment_corrupt`; UnavailableError if the vault or the disk fails
   */
  using<T>(
    segments: readonly Segment[],
    need: SegmentNeed,
    work: (paths: readonly string[]) => Promise<T>,
  ): Promise<T>;

  /**
   * Bytes `[from, to)`: the column `entry` of one row group. Entries are still to be compared with the tree.
   *
   * @throws VerificationError `segment_corrupt`; UnavailableError if the vault or the disk fails
   */
  read(segment: Segment, from: number, to: number): Promise<Buffer>;

  /**
   * Looks whether what is kept of a segment on this node, beside the place that it comes from, is still what was verified. What
   * is not, is fetched again when it is needed. Fetches nothing itself.
   *
   * @returns what is damaged, for a person; undefined if nothing is, or nothing is kept
   */
  recheck(segment: Segment): Promise<string | undefined>;

  close(): Promise<void>;
}

/** How much of a segment's file is needed. */
export function neededBytes({ lengthBytes, digests }: Segment, need: SegmentNeed): number {
  const entries = digests?.entryRanges.reduce((sum, { from, to }) => sum + to - from, 0) ?? 0;
  return need === "all" ? lengthBytes : lengthBytes - entries;
}

/** A directory that has all segments, whole. Nothing is verified. */
export class LocalSegmentFiles implements SegmentFiles {
  readonly bytesAtOnce = Infinity;
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  place({ key }: Segment): string {
    return join(this.#directory, key);
  }

  async using<T>(
    segments: readonly Segment[],
    _need: SegmentNeed,
    work: (paths: readonly string[]) => Promise<T>,
  ): Promise<T> {
    return await work(segments.map((segment) => this.place(segment)));
  }

  async read(segment: Segment, from: number, to: number): Promise<Buffer> {
    const path = this.place(segment);
    const file = await openSegmentFile(path);
    try {
      return await readRange(file, { offset: from, lengthBytes: to - from });
    } catch (cause) {
      throw corruptSegment(path, `the bytes [${from}, ${to}) can't be read`, { cause });
    } finally {
      await file.close();
    }
  }

  /** The files are the place that segments come from. */
  async recheck(): Promise<undefined> {
    return await Promise.resolve(undefined);
  }

  async close(): Promise<void> {
    // Nothing stays open.
  }
}

/** @throws VerificationError `segment_corrupt` if it is gone; UnavailableError `segment_unavailable` */
export async function openSegmentFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") throw corruptSegment(path, "it is gone", { cause });
    throw new UnavailableError("segment_unavailable", `The segment ${path} can't be opened`, { cause });
  }
}
