import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { chmod, copyFile, mkdir, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { equalBytes, InvariantError } from "@stele/proof";
import { writeFully } from "../store/durable-file.ts";
import { errorCode, storageError } from "../store/storage-error.ts";
import { readRange } from "./parquet-footer.ts";
import { columnRanges, type ByteRange } from "./segment-digests.ts";
import type { SegmentNeed } from "./segment-files.ts";
import { corruptSegment, type DescribedSegment } from "./segment.ts";
import { Semaphore } from "./semaphore.ts";

/** Where a segment is fetched from. */
export interface SegmentSource {
  readonly segment: DescribedSegment;
  /** Names it for a person. */
  readonly place: string;
  /** Fetches bytes `[from, to)` and hands them to `take`; how many do so at once is bounded. */
  fetch(range: ByteRange, take: (bytes: Uint8Array) => Promise<void>): Promise<void>;
}

/** What the cache does for its files. */
export interface CacheRoom {
  /** Runs `work`, which writes so many bytes, when there is room for them as far as files are not in use. */
  making<T>(lengthBytes: number, work: () => Promise<T>): Promise<T>;
  /** What was asked for was there already, or was not. */
  count(hit: boolean): void;
}

/** What is verified on its own: all that is not in the column `entry`, or the `n`th of its ranges. */
type Part = "columns" | number;

/** At once, of one segment. */
const REQUESTS_MAX = 8;
/** Longer ranges are fetched in several requests: bounds the memory for them. */
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;
const READ_BYTES = 256 * 1024;

/** Behind the names of files that are being written. */
export const TEMPORARY_SUFFIX = ".new";

/**
 * The cached file of one segment: as long as the segment's, with holes where nothing was fetched yet. A part is used only
 * once it was compared with its digest, since it was fetched or, after a restart, since it was found.
 */
export class CachedSegment {
  readonly path: string;
  /** It is not evicted while it has users. */
  users = 0;
  readonly #room: CacheRoom;
  readonly #requests = new Semaphore(REQUESTS_MAX);
  #source: SegmentSource | undefined;
  readonly #verified = new Set<Part>();
  readonly #loading = new Map<Part, Promise<void>>();
  /** The file has its length. */
  #prepared: Promise<void> | undefined;
  #evicting: Promise<void> = Promise.resolve();
  #diskBytes = 0;

  constructor(path: string, room: CacheRoom) {
    this.path = path;
    this.#room = room;
  }

  /** What it takes of the disk. */
  get diskBytes(): number {
    return this.#diskBytes;
  }

  /** Whether it is known to have entries, which can be dropped without the columns. */
  get hasEntries(): boolean {
    return [...this.#verified].some((part) => part !== "columns");
  }

  get #segment(): DescribedSegment {
    return this.#from.segment;
  }

  get #from(): SegmentSource {
    if (this.#source) return this.#source;
    throw new InvariantError("segment_not_described", `Nobody said what ${this.path} is`);
  }

  /** Says what it is. */
  belongsTo(source: SegmentSource): this {
    this.#source = source;
    return this;
  }

  /** Resolves when the columns, or all parts, are in the file and verified. */
  async ensure(need: SegmentNeed): Promise<void> {
    const entries = need === "all" ? this.#segment.digests.entryRanges.keys() : [];
    await settled(["columns" as const, ...entries].map(async (part) => await this.#ensurePart(part)));
  }

  /** The column `entry` of one row group, compared with its digest each time. */
  async read(from: number, to: number): Promise<Buffer> {
    const { entryRanges } = this.#segment.digests;
    const part = entryRanges.findIndex((range) => range.from === from && range.to === to);
    if (part < 0) {
      throw new InvariantError(
        "range_unknown",
        `No row group of ${this.path} has its entries in [${from}, ${to})`,
      );
    }
    for (let attempt = 1; ; attempt++) {
      await this.#ensurePart(part);
      const bytes = await this.#readPart(part);
      if (bytes) return bytes;
      if (attempt === 2) throw corruptSegment(this.path, `the disk loses the bytes [${from}, ${to})`);
      this.distrust();
    }
  }

  /** Something in the file is damaged: each part is compared again before it is used the next time. */
  distrust(): void {
    this.#verified.clear();
    this.#prepared = undefined;
  }

  /** Copies the file of a segment that this node has just built and verified. */
  async adopt(path: string): Promise<void> {
    const { lengthBytes, digests } = this.#segment;
    await this.#room.making(lengthBytes, async () => {
      await this.#evicting;
      await this.#replace(async (temporary) => {
        await copyFile(path, temporary, constants.COPYFILE_FICLONE);
        await chmod(temporary, 0o600); // what is sealed is read-only
      });
    });
    this.#prepared = Promise.resolve();
    for (const part of ["columns" as const, ...digests.entryRanges.keys()]) this.#verified.add(part);
  }

  /** Gives place on the disk back: that of the entries if they are known, or else all of it. */
  async evict(): Promise<void> {
    const columnsStay = this.hasEntries && this.#verified.has("columns");
    this.distrust();
    const evicting = columnsStay ? this.#dropEntries() : this.#remove();
    this.#evicting = evicting.catch(() => undefined); // the cache is told; who uses it next begins with what is there
    await evicting;
  }

  /** Looks how large it is. */
  async measure(): Promise<void> {
    try {
      this.#diskBytes = (await stat(this.path)).blocks * 512;
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw storageError(error, this.path);
      this.#diskBytes = 0;
    }
  }

  async #ensurePart(part: Part): Promise<void> {
    await this.#evicting;
    if (this.#verified.has(part)) {
      this.#room.count(true);
      return;
    }
    const loading = this.#loading.get(part) ?? this.#load(part).finally(() => this.#loading.delete(part));
    this.#loading.set(part, loading);
    await loading;
  }

  async #load(part: Part): Promise<void> {
    const found = await this.#isWhole(part);
    this.#room.count(found);
    if (!found) {
      const requests = this.#rangesOf(part).flatMap((range) => piecesOf(range, REQUEST_BYTES_MAX));
      await this.#room.making(lengthOf(requests), async () => await this.#fetch(part, requests));
    }
    this.#verified.add(part);
  }

  async #fetch(part: Part, requests: readonly ByteRange[]): Promise<void> {
    const digest = createHash("sha256");
    const file = await this.#openToWrite();
    try {
      // Fetched side by side, hashed in order: a request waits for the one before, which began before.
      let before: Promise<void> = Promise.resolve();
      await settled(
        requests.map((range) => {
          const turn = before;
          before = this.#requests.run(1, async () =>
            this.#from.fetch(range, async (bytes) => {
              await turn;
              digest.update(bytes);
              await writeFully(file, [bytes], range.from).catch((cause: unknown) => {
                throw storageError(cause, this.path);
              });
            }),
          );
          return before;
        }),
      );
    } finally {
      await file.close();
      await this.measure();
    }
    if (equalBytes(digest.digest(), this.#digestOf(part))) return;
    const what = part === "columns" ? "its columns are" : `row group ${part} is`;
    throw corruptSegment(this.#from.place, `${what} not what was sealed`);
  }

  async #openToWrite(): Promise<FileHandle> {
    try {
      await (this.#prepared ??= this.#prepare());
      return await open(this.path, "r+");
    } catch (cause) {
      this.#prepared = undefined;
      throw storageError(cause, this.path);
    }
  }

  async #prepare(): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    const file = await open(this.path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      const { lengthBytes } = this.#segment;
      if ((await file.stat()).size === lengthBytes) return;
      await file.truncate(0);
      await file.truncate(lengthBytes);
    } finally {
      await file.close();
    }
  }

  /** Whether the file has a part, and it is what was sealed. A hole is not. */
  async #isWhole(part: Part): Promise<boolean> {
    const digest = createHash("sha256");
    const complete = await this.#reading(part, (bytes) => void digest.update(bytes));
    return complete && equalBytes(digest.digest(), this.#digestOf(part));
  }

  async #readPart(part: Part): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    const complete = await this.#reading(part, (bytes) => void pieces.push(bytes));
    const bytes = Buffer.concat(pieces);
    const right = complete && equalBytes(createHash("sha256").update(bytes).digest(), this.#digestOf(part));
    return right ? bytes : undefined;
  }

  /** Reads a part, piece by piece. False if the file does not have it: what can't be read is fetched again. */
  async #reading(part: Part, take: (bytes: Buffer) => void): Promise<boolean> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.path, "r");
      if ((await file.stat()).size !== this.#segment.lengthBytes) return false;
      for (const { from, to } of this.#rangesOf(part).flatMap((range) => piecesOf(range, READ_BYTES))) {
        take(await readRange(file, { offset: from, lengthBytes: to - from }));
      }
      return true;
    } catch (error) {
      if (error instanceof RangeError || ["ENOENT", "EIO"].includes(errorCode(error))) return false;
      throw storageError(error, this.path);
    } finally {
      await file?.close();
    }
  }

  async #dropEntries(): Promise<void> {
    try {
      await this.#replace(async (temporary) => await this.#copyColumns(temporary));
    } catch {
      await this.#remove(); // there is no room for the copy
    }
  }

  async #copyColumns(path: string): Promise<void> {
    const source = await open(this.path, "r");
    try {
      const target = await open(path, "w", 0o600);
      try {
        await target.truncate(this.#segment.lengthBytes);
        for (const { from, to } of this.#rangesOf("columns")) {
          await writeFully(target, [await readRange(source, { offset: from, lengthBytes: to - from })], from);
        }
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  }

  async #replace(write: (temporary: string) => Promise<void>): Promise<void> {
    const temporary = `${this.path}${TEMPORARY_SUFFIX}`;
    try {
      await mkdir(dirname(this.path), { recursive: true });
      await write(temporary);
      await rename(temporary, this.path);
    } catch (cause) {
      await rm(temporary, { force: true });
      throw storageError(cause, this.path);
    } finally {
      await this.measure();
    }
  }

  async #remove(): Promise<void> {
    await rm(this.path, { force: true });
    await this.measure();
  }

  #rangesOf(part: Part): readonly ByteRange[] {
    if (part === "columns") return columnRanges(this.#segment).filter(({ from, to }) => to > from);
    return [this.#segment.digests.entryRanges[part]!];
  }

  #digestOf(part: Part): Uint8Array {
    const { columns, entryRanges } = this.#segment.digests;
    return part === "columns" ? columns : entryRanges[part]!.sha256;
  }
}

function piecesOf({ from, to }: ByteRange, lengthMax: number): ByteRange[] {
  const count = Math.ceil((to - from) / lengthMax);
  return Array.from({ length: count }, (_, i) => ({
    from: from + i * lengthMax,
    to: Math.min(to, from + (i + 1) * lengthMax),
  }));
}

function lengthOf(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** As `Promise.all`, but rejects only when nothing runs any more. */
async function settled(promises: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === "rejected") throw result.reason;
  }
}
