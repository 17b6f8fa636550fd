import type { Query } from "@stele/query";
import type { IndexView, Part, PartReader } from "./index-view.ts";
import { formatCursor, parseCursor, type Order } from "./cursor.ts";
import { toSql, type SqlCondition } from "./query-sql.ts";
import { mayMatch, type SegmentStatistics } from "./segment-statistics.ts";

export interface SearchOptions {
  readonly order: Order;
  /** 1–1000. */
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

export interface SearchPage {
  readonly items: readonly SearchItem[];
  /** `null` when there is nothing further. A page may have fewer items than asked for, even none, and be followed. */
  readonly nextCursor: string | null;
  /** The tree size that was searched. */
  readonly indexedSize: number;
}

export interface SearchItem {
  readonly index: number;
  readonly entry: string;
}

/** A page ends early behind so much text; it always has one entry, however large. */
const PAGE_LENGTH_MAX = 8 * 1024 * 1024;
/** A page ends early once searching for it took so long. */
const PAGE_TIME_MS_MAX = 10_000;
/** Segments that are searched at once, at most. */
const GROUP_MAX = 16;
const FETCH_FIRST = 128;

/** Finds one page: hot entries, then segments in growing groups (or the other way round), until it is full. */
export class PageSearch {
  readonly #reader: PartReader;
  /** Asked again for each part: an entry that is sealed meanwhile is found in its segment. */
  readonly #view: () => IndexView;
  readonly #options: SearchOptions;
  readonly #condition: SqlCondition;
  readonly #mayMatch: (statistics: SegmentStatistics) => boolean;
  readonly #query: Query;
  readonly #items: SearchItem[] = [];
  #length = 0;

  constructor(reader: PartReader, view: () => IndexView, query: Query, options: SearchOptions) {
    this.#reader = reader;
    this.#view = view;
    this.#query = query;
    this.#options = options;
    this.#condition = toSql(query);
    this.#mayMatch = mayMatch(query);
  }

  async run(): Promise<SearchPage> {
    const { order, limit, cursor } = this.#options;
    const { indexedSize } = this.#view();
    const bound = cursor === undefined ? undefined : parseCursor(cursor, this.#query, order);
    // What is left to search is [from, to).
    let from = order === "oldest" ? (bound ?? 0) : 0;
    let to = order === "newest" ? Math.min(bound ?? indexedSize, indexedSize) : indexedSize;
    const deadline = performance.now() + PAGE_TIME_MS_MAX;
    for (let group = 1; from < to && performance.now() < deadline;) {
      const part = this.#nextPart(from, to, group);
      const room = limit - this.#items.length;
      const { hits, taken } = await this.#reader.holding(part, async () => {
        const found = await this.#hits(part, room);
        return { hits: found, taken: await this.#take(part, found) };
      });
      const full = taken < hits.length || taken === room;
      const last = hits[taken - 1];
      if (order === "newest") to = full ? last! : part.start;
      else from = full ? last! + 1 : part.end;
      if (full) break;
      // As many segments as it takes to fill the page, if hits go on like this.
      const perSegment = hits.length / Math.max(1, part.segments.length);
      const enough = perSegment > 0 ? Math.ceil((limit - this.#items.length) / perSegment) : GROUP_MAX;
      if (part.segments.length > 0) group = Math.min(enough, group * 4, GROUP_MAX);
    }
    const nextCursor = from < to ? formatCursor(this.#query, order, order === "newest" ? to : from) : null;
    return { items: this.#items, nextCursor, indexedSize };
  }

  /** The part at the near end of [from, to): a hot chunk, or up to `group` segments that can have hits. */
  #nextPart(from: number, to: number, group: number): Part {
    const newest = this.#options.order === "newest";
    const { segments, chunks, sealedSize } = this.#view();
    if (newest ? to > sealedSize : from >= sealedSize) {
      const chunk = newest
        ? chunks.findLast(({ start }) => start < to)!
        : chunks.find(({ end }) => end > from)!;
      const start = Math.max(from, sealedSize, chunk.start);
      return { start, end: Math.min(to, chunk.end), sealedSize, segments: [], chunks: [chunk] };
    }
    const inRange = segments.filter(({ start, end }) => start < to && end > from);
    const near = newest ? inRange.toReversed() : inRange;
    const searched = near.filter(({ statistics }) => this.#mayMatch(statistics)).slice(0, group);
    // Segments at the far end that can't have hits are done, too, if nothing else is left.
    const more = near.some((segment) => this.#mayMatch(segment.statistics) && !searched.includes(segment));
    const far = more ? searched.at(-1)! : near.at(-1)!;
    return {
      start: newest ? Math.max(from, far.start) : from,
      end: newest ? to : Math.min(to, far.end),
      sealedSize,
      segments: searched,
      chunks: [],
    };
  }

  /** Leaf indexes of the first hits of the part, in the order of the page. */
  async #hits(part: Part, limit: number): Promise<number[]> {
    const { order } = this.#options;
    if (this.#query.terms.length === 0) {
      const count = Math.min(limit, part.end - part.start);
      return Array.from({ length: count }, (_, i) =>
        order === "newest" ? part.end - 1 - i : part.start + i,
      );
    }
    const direction = order === "newest" ? "DESC" : "ASC";
    const rows = await this.#reader.select(
      part,
      "seq",
      this.#condition,
      (hits) => `SELECT seq FROM ${hits} ORDER BY seq ${direction} LIMIT ${limit}`,
    );
    return rows.map(([seq]) => Number(seq));
  }

  /** Fetches the entries of hits until the page is long enough. Returns how many. */
  async #take(part: Part, hits: readonly number[]): Promise<number> {
    let taken = 0;
    while (taken < hits.length) {
      const indexes = hits.slice(taken, taken + (taken === 0 ? FETCH_FIRST : hits.length));
      const entries = await this.#reader.selectEntries(part, indexes);
      for (const index of indexes) {
        const entry = entries.get(index)!;
        if (this.#items.length > 0 && this.#length + entry.length > PAGE_LENGTH_MAX) return taken;
        this.#items.push({ index, entry });
        this.#length += entry.length;
        taken++;
      }
    }
    return taken;
  }
}
