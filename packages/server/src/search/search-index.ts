import { MalformedError, UnavailableError } from "@stele/proof";
import type { Query } from "@stele/query";
import type { JournalFile } from "../store/journal.ts";
import { Counts, type Field, type Histogram, type HistogramOptions, type TopValues } from "./counts.ts";
import type { Database } from "./database.ts";
import { compareHotRows, type HotDifference } from "./hot-comparison.ts";
import { HitCounts } from "./hit-counts.ts";
import { HotIndex } from "./hot-index.ts";
import { IndexFeed } from "./index-feed.ts";
import { PartReader, type IndexView, type ReadEntries } from "./index-view.ts";
import { PageSearch, type SearchOptions, type SearchPage } from "./page-search.ts";
import type { Segment } from "./segment.ts";
import type { SegmentFiles } from "./segment-files.ts";
import { SegmentReader } from "./segment-reader.ts";

export type { Field, Histogram, HistogramOptions, TopValues } from "./counts.ts";
export type { SearchItem, SearchOptions, SearchPage } from "./page-search.ts";

export interface SearchIndexOptions {
  readonly database: Database;
  /** All sealed segments of the log, in order. */
  readonly segments: readonly Segment[];
  /** Where their bytes are. Whoever opened it closes it. */
  readonly files: SegmentFiles;
  /** Hot entries are not kept twice: their bytes are read from where they are. */
  readonly readEntries: ReadEntries;
  /** After which time a page ends, or counting what is in front of it; 10,000 unless told. */
  readonly pageTimeMsMax?: number;
  /** Into how large chunks hot entries go; 65,536 unless told. */
  readonly chunkEntries?: number;
}

const LIMIT_MAX = 1000;
/** So far into the hits a search may begin. */
export const OFFSET_MAX = 1_000_000;
const PAGE_TIME_MS_MAX = 10_000;
/** docs/spec/entry.md; no character of it is escaped in JSON. */
const ID = /^[0-9A-Za-z._:/@+=~-]{1,128}$/;

export interface AsOf {
  /** A tree size: only entries with a leaf index below it. */
  readonly asOf?: number;
}

interface Waiter {
  readonly size: number;
  readonly done: () => void;
}

/**
 * The search index of one log: hot entries in memory, sealed ones in their segments. What it returns is not verified
 * against the tree.
 */
export class SearchIndex {
  readonly #database: Database;
  readonly #hot: HotIndex;
  readonly #feed: IndexFeed;
  readonly #reader: PartReader;
  readonly #segmentReader: SegmentReader;
  readonly #hitCounts = new HitCounts();
  readonly #pageTimeMsMax: number;
  #segments: readonly Segment[];
  readonly #waiters = new Set<Waiter>();

  constructor(options: SearchIndexOptions) {
    const { database, segments, files, readEntries, pageTimeMsMax, chunkEntries } = options;
    this.#segments = segments;
    this.#pageTimeMsMax = pageTimeMsMax ?? PAGE_TIME_MS_MAX;
    this.#database = database;
    this.#hot = new HotIndex(database, chunkEntries);
    this.#feed = new IndexFeed(this.#hot, this.sealedSize, (size) => this.#wake(size));
    this.#segmentReader = new SegmentReader(database, files);
    this.#reader = new PartReader(database, this.#hot, files, this.#segmentReader, readEntries);
  }

  /** A tree size: every entry below it is found. */
  get indexedSize(): number {
    return Math.max(this.#feed.indexedSize, this.sealedSize);
  }

  /** A tree size: entries below it are searched in segments. */
  get sealedSize(): number {
    return this.#segments.at(-1)?.end ?? 0;
  }

  /** Why the newest insert failed, if it did: it is tried again, and `indexedSize` stands still meanwhile. */
  get failure(): Error | undefined {
    return this.#feed.failure;
  }

  /**
   * Adds entries `[start, start + count)`, given as NDJSON bytes: pieces of whole lines, each line ended by LF. Call in
   * order of `start`, without gaps; the pieces are not to change until they are indexed. Resolves when there is room for
   * more, at once unless the index is far behind: it does not wait for the entries to be indexed ({@link waitFor}).
   */
  async append(start: number, count: number, lines: readonly Uint8Array[]): Promise<void> {
    await this.#feed.append({ start, count, lines });
  }

  /**
   * Indexes what the journal has beyond the segments, ahead of what is appended meanwhile. Call once, before the first
   * {@link append}. Resolves when all is indexed; the index can be searched before.
   *
   * @throws VerificationError `journal_corrupt`, `index_gap`
   */
  async rebuild(files: readonly JournalFile[]): Promise<void> {
    await this.#feed.rebuild(files.filter((_, i) => (files[i + 1]?.start ?? Infinity) > this.sealedSize));
  }

  /** Resolves when `indexedSize` is at least `size`. @throws UnavailableError `index_behind` */
  async waitFor(size: number, timeoutMs: number): Promise<void> {
    if (this.indexedSize >= size) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { size, done: resolve };
    this.#waiters.add(waiter);
    const timer = setTimeout(resolve, timeoutMs);
    await promise;
    clearTimeout(timer);
    this.#waiters.delete(waiter);
    if (this.indexedSize >= size) return;
    throw new UnavailableError(
      "index_behind",
      `The index is at ${this.indexedSize} and did not reach ${size} within ${timeoutMs} ms`,
      { cause: this.failure },
    );
  }

  /**
   * A page of hits in the order of the log. Pages that follow each other by cursor have each hit exactly once, while
   * entries are appended and sealed; with the same `asOf`, hits also keep their offsets. Wait for `asOf` before ({@link
   * waitFor}): entries that are not indexed yet have no place.
   *
   * @throws MalformedError `search_invalid`, `cursor_invalid`; UnavailableError `search_timeout`, `search_memory`,
   *   `search_overloaded`; VerificationError `segment_corrupt`: no results rather than a part of them
   */
  async search(query: Query, options: SearchOptions): Promise<SearchPage> {
    const { limit, offset, asOf, cursor } = options;
    checkNumber("limit", limit, 1, LIMIT_MAX);
    checkNumber("offset", offset, 0, OFFSET_MAX);
    checkNumber("as_of", asOf, 0, Number.MAX_SAFE_INTEGER);
    if (offset !== undefined && cursor !== undefined) {
      throw new MalformedError(
        "search_invalid",
        "A page begins at an offset or at a cursor: give one of them",
      );
    }
    const searched = {
      reader: this.#reader,
      view: () => this.#view(),
      hitCounts: this.#hitCounts,
      timeMsMax: this.#pageTimeMsMax,
    };
    return await new PageSearch(searched, query, options).run();
  }

  /** Counts hits over time. @throws as {@link search} */
  async histogram(query: Query, options: HistogramOptions & AsOf): Promise<Histogram> {
    return await this.#counting(query, options, (counts) => counts.histogram(options));
  }

  /** The most frequent values of a field among the hits. @throws as {@link search} */
  async top(query: Query, field: Field, limit: number, options: AsOf = {}): Promise<TopValues> {
    checkNumber("limit", limit, 1, LIMIT_MAX);
    return await this.#counting(query, options, (counts) => counts.top(field, limit));
  }

  /** The leaf index of the first entry with this id. @throws VerificationError `segment_corrupt` */
  async findById(id: string): Promise<number | undefined> {
    if (!ID.test(id)) return undefined;
    const view = this.#view();
    return await this.#reader.holding(view, async () => {
      for (const segment of view.segments) {
        const index = await this.#segmentReader.findId(segment, id);
        if (index !== undefined) return index;
      }
      return await this.#reader.findHotId(view, id);
    });
  }

  /**
   * Takes over what a new segment, which begins at `sealedSize`, holds: from the next query on it is searched there, and
   * the hot entries below its end are dropped.
   */
  async addSegment(segment: Segment): Promise<void> {
    if (segment.start !== this.sealedSize) {
      throw new MalformedError(
        "search_invalid",
        `The segment begins at ${segment.start}, not at ${this.sealedSize}`,
      );
    }
    this.#segments = [...this.#segments, segment];
    this.#wake(this.indexedSize);
    await this.#hot.dropBelow(this.sealedSize);
  }

  /**
   * Compares the index with entries from leaf index `from` on, as far as they are hot and indexed: what it says of them must
   * be what they say.
   */
  async compareHot(from: number, entries: readonly Uint8Array[]): Promise<HotDifference | undefined> {
    const view = this.#view();
    return await this.#reader.holding(view, async () => {
      for (const chunk of view.chunks) {
        const begin = Math.max(from, chunk.start, view.sealedSize);
        const end = Math.min(from + entries.length, chunk.end, view.indexedSize);
        if (begin >= end) continue;
        const some = entries.slice(begin - from, end - from);
        const difference = await compareHotRows(this.#database, chunk, begin, some);
        if (difference) return difference;
      }
      return undefined;
    });
  }

  async close(): Promise<void> {
    await this.#feed.close();
    for (const { done } of this.#waiters) done();
    await this.#hot.close();
  }

  #view(): IndexView {
    const { sealedSize, indexedSize } = this;
    return { segments: this.#segments, chunks: this.#hot.chunks, sealedSize, indexedSize };
  }

  async #counting<T>(query: Query, { asOf }: AsOf, work: (counts: Counts) => Promise<T>): Promise<T> {
    checkNumber("as_of", asOf, 0, Number.MAX_SAFE_INTEGER);
    const view = this.#view();
    const size = Math.min(asOf ?? Infinity, view.indexedSize);
    return await this.#reader.holding(view, () => work(new Counts(this.#reader, view, query, size)));
  }

  #wake(size: number): void {
    for (const waiter of this.#waiters) if (waiter.size <= size) waiter.done();
  }
}

function checkNumber(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= min && value <= max)) return;
  throw new MalformedError("search_invalid", `${name} is ${value}; it must be from ${min} to ${max}`);
}
