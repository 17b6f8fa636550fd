import { open, type FileHandle } from "node:fs/promises";
import { UnavailableError } from "@stele/proof";
import { errorCode } from "../store/storage-error.ts";
import { readEntryPages } from "./entry-pages.ts";
import { readParquetFooter, readRange, type FileRange } from "./parquet-footer.ts";
import { corruptSegment, type Segment } from "./segment.ts";

/** Entries of a segment that are compressed together, and where the column `entry` has them. */
export interface EntryGroup {
  /** Leaf indexes `[start, end)`. */
  readonly start: number;
  readonly end: number;
  readonly range: FileRange;
}

/** An open segment, to read entries from it. Nothing is verified. */
export class SegmentFile {
  readonly #segment: Segment;
  readonly #file: FileHandle;

  private constructor(segment: Segment, file: FileHandle) {
    this.#segment = segment;
    this.#file = file;
  }

  /** @throws VerificationError `segment_corrupt` if it is gone; UnavailableError `segment_unavailable` */
  static async open(segment: Segment): Promise<SegmentFile> {
    try {
      return new SegmentFile(segment, await open(segment.path, "r"));
    } catch (cause) {
      if (errorCode(cause) === "ENOENT") throw corruptSegment(segment.path, "it is gone", { cause });
      throw new UnavailableError("segment_unavailable", `The segment ${segment.path} can't be opened`, {
        cause,
      });
    }
  }

  /** All of its entries, in order. @throws VerificationError `segment_corrupt` */
  async groups(): Promise<EntryGroup[]> {
    const { path, start, end } = this.#segment;
    return await this.#reading("its footer", async () => {
      const { rowGroups } = await readParquetFooter(this.#file, (await this.#file.stat()).size);
      let next = start;
      const groups = rowGroups.map(({ rows, columns }) => {
        const range = columns.get("entry");
        if (!range) throw new RangeError("It has no column of entries");
        return { start: next, end: (next += rows), range };
      });
      if (next !== end) throw corruptSegment(path, `it holds entries up to ${next}`);
      return groups;
    });
  }

  /** The exact bytes of the entries of a group; they share memory. @throws VerificationError `segment_corrupt` */
  async read({ start, end, range }: EntryGroup): Promise<Buffer[]> {
    return await this.#reading(`entries [${start}, ${end})`, async () =>
      readEntryPages(await readRange(this.#file, range), end - start),
    );
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #reading<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw corruptSegment(this.#segment.path, `${what} can't be read`, { cause });
    }
  }
}
