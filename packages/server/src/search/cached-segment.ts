import { createHash } from "node:crypto";
import { equalBytes, InvariantError } from "@stele/proof";
import { columnRanges, piecesOf, type ByteRange } from "./segment-digests.ts";
import type { SegmentNeed } from "./segment-files.ts";
import { corruptSegment, type DescribedSegment } from "./segment.ts";
import { Semaphore } from "./semaphore.ts";
import { SparseFile } from "./sparse-file.ts";

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

/**
 * The cached file of one segment: as long as the segment's, with holes where nothing was fetched yet. A part is used only
 * once it was compared with its digest, since it was fetched or, after a restart, since it was found.
 */
export class CachedSegment {
  /** It is not evicted while it has users. */
  users = 0;
  readonly #file: SparseFile;
  readonly #room: CacheRoom;
  readonly #requests = new Semaphore(REQUESTS_MAX);
  #source: SegmentSource | undefined;
  readonly #verified = new Set<Part>();
  readonly #loading = new Map<Part, Promise<void>>();
  #evicting: Promise<void> = Promise.resolve();

  constructor(path: string, room: CacheRoom) {
    this.#file = new SparseFile(path);
    this.#room = room;
  }

  get path(): string {
    return this.#file.path;
  }

  /** What it takes of the disk. */
  get diskBytes(): number {
    return this.#file.diskBytes;
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

  /** Compares what was verified once more. @returns what of it is damaged, for a person */
  async recheck(): Promise<string | undefined> {
    await this.#evicting;
    for (const part of this.#verified) {
      if (await this.#isWhole(part)) continue;
      this.distrust();
      return part === "columns" ? "its columns" : `the entries of row group ${part}`;
    }
    return undefined;
  }

  /** Something in the file is damaged: each part is compared again before it is used the next time. */
  distrust(): void {
    this.#verified.clear();
    this.#file.distrust();
  }

  /** Copies the file of a segment that this node has just built and verified. */
  async adopt(path: string): Promise<void> {
    const { lengthBytes, digests } = this.#segment;
    await this.#room.making(lengthBytes, async () => {
      await this.#evicting;
      await this.#file.copyFrom(path);
    });
    for (const part of ["columns" as const, ...digests.entryRanges.keys()]) this.#verified.add(part);
  }

  /** Gives place on the disk back: that of the entries if they are known, or else all of it. */
  async evict(): Promise<void> {
    const columnsStay = this.hasEntries && this.#verified.has("columns");
    this.distrust();
    const evicting = columnsStay
      ? this.#file.keepOnly(this.#segment.lengthBytes, this.#rangesOf("columns"))
      : this.#file.remove();
    this.#evicting = evicting.catch(() => undefined); // the cache is told; who uses it next begins with what is there
    await evicting;
  }

  /** Looks how large it is. */
  async measure(): Promise<void> {
    await this.#file.measure();
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
    await this.#file.writing(this.#segment.lengthBytes, async (write) => {
      // Fetched side by side, hashed in order: a request waits for the one before, which began before.
      let before: Promise<void> = Promise.resolve();
      await settled(
        requests.map((range) => {
          const turn = before;
          before = this.#requests.run(1, async () =>
            this.#from.fetch(range, async (bytes) => {
              await turn;
              digest.update(bytes);
              await write(bytes, range.from);
            }),
          );
          return before;
        }),
      );
    });
    if (equalBytes(digest.digest(), this.#digestOf(part))) return;
    const what = part === "columns" ? "its columns are" : `row group ${part} is`;
    throw corruptSegment(this.#from.place, `${what} not what was sealed`);
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

  async #reading(part: Part, take: (bytes: Buffer) => void): Promise<boolean> {
    return await this.#file.read(this.#segment.lengthBytes, this.#rangesOf(part), take);
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

function lengthOf(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** As `Promise.all`, but rejects only when nothing runs any more. */
async function settled(promises: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === "rejected") throw result.reason;
  }
}
