import type { Query } from "@stele/query";
import { UnavailableError } from "@stele/proof";
import { formatCursor, parseCursor, type Order } from "./cursor.ts";
import type { HitCounts } from "./hit-counts.ts";
import type { IndexView, Part, PartReader } from "./index-view.ts";
import { nearPart } from "./near-part.ts";
import { toSql, type SqlCondition } from "./query-sql.ts";
import type { Segment } from "./segment.ts";
import { mayMatch } from "./segment-statistics.ts";

export interface SearchOptions {
  readonly order: Order;
  /** 1–1000. */
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  /** How many hits are left out in front; not beside a cursor. */
  readonly offset?: number;
  /** A tree size: only entries with a leaf index below it. */
  readonly asOf?: number;
}

export interface SearchPage {
  readonly items: readonly SearchItem[];
  /** `null` when there is nothing further. A page may have fewer items than asked for, even none, and be followed. */
  readonly nextCursor: string | null;
  /** How many hits there are in all, where that is known without counting for it. */
  readonly total?: number;
  /** The tree size that was searched. */
  readonly indexedSize: number;
}

export interface SearchItem {
  readonly index: number;
  readonly entry: string;
}

/** A page ends early behind so much text; it always has one entry, however large. */
const PAGE_LENGTH_MAX = 8 * 1024 * 1024;
/** Segments that are searched at once, at most. */
const GROUP_MAX = 16;
const FETCH_FIRST = 128;

/** What a search reads. */
export interface Searched {
  readonly reader: PartReader;
  /** Asked again for each part: an entry that is sealed meanwhile is found in its segment. */
  readonly view: () => IndexView;
  readonly hitCounts: HitCounts;
  /** A page ends early once searching for it took so long. */
  readonly timeMsMax: number;
}

/**
 * Finds one page: hot entries, then segments in growing groups (or the other way round), until it is full. Whole parts in
 * front of an offset are only counted.
 */
export class PageSearch {
  readonly #reader: PartReader;
  readonly #view: () => IndexView;
  readonly #counts: ReturnType<HitCounts["of"]>;
  readonly #timeMsMax: number;
  readonly #options: SearchOptions;
  readonly #condition: SqlCondition;
  readonly #canHaveHits: (segment: Segment) => boolean;
  readonly #query: Query;
  readonly #items: SearchItem[] = [];
  #length = 0;

  constructor({ reader, view, hitCounts, timeMsMax }: Searched, query: Query, options: SearchOptions) {
    this.#reader = reader;
    this.#view = view;
    this.#counts = hitCounts.of(query);
    this.#timeMsMax = timeMsMax;
    this.#query = query;
    this.#options = options;
    this.#condition = toSql(query);
    const possible = mayMatch(query);
    this.#canHaveHits = ({ statistics }) => possible(statistics);
  }

  /** @throws UnavailableError `search_timeout` if it takes too long to find where the page begins */
  async run(): Promise<SearchPage> {
    const { order, limit, cursor, offset = 0, asOf = Infinity } = this.#options;
    const newest = order === "newest";
    const indexedSize = Math.min(asOf, this.#view().indexedSize);
    const bound = cursor === undefined ? undefined : parseCursor(cursor, this.#query, order);
    // What is left to search is [from, to).
    let from = newest ? 0 : (bound ?? 0);
    let to = newest ? Math.min(bound ?? indexedSize, indexedSize) : indexedSize;
    let skip = offset;
    if (this.#query.terms.length === 0) {
      skip = 0;
      if (newest) to = Math.max(0, to - offset);
      else from += offset;
    }
    const deadline = performance.now() + this.#timeMsMax;
    for (let group = 1; from < to && performance.now() < deadline;) {
      const room = limit - this.#items.length;
      const rest = { from, to, order };
      const part = nearPart(this.#view(), rest, this.#canHaveHits, skip > 0 ? 1 : group);
      const { hits, taken, skipped } = await this.#reader.holding(part, async () => {
        const count = skip > 0 ? await this.#count(part) : Infinity;
        if (count <= skip) return { hits: [], taken: 0, skipped: count };
        const found = await this.#hits(part, room, skip);
        return { hits: found, taken: await this.#take(part, found), skipped: skip };
      });
      skip -= skipped;
      const full = taken < hits.length || taken === room;
      const last = hits[taken - 1];
      if (newest) to = full ? last! : part.start;
      else from = full ? last! + 1 : part.end;
      if (full) break;
      if (part.segments.length === 0 || skip > 0) continue;
      // As many segments as it takes to fill the page, if hits go on like this.
      const perSegment = hits.length / part.segments.length;
      const enough = perSegment > 0 ? Math.ceil((limit - this.#items.length) / perSegment) : GROUP_MAX;
      group = Math.min(enough, group * 4, GROUP_MAX);
    }
    const more = from < to;
    if (more && skip > 0) {
      throw new UnavailableError(
        "search_timeout",
        `Counting the hits in front of offset ${offset} took too long. What was counted is kept: try again, or narrow the search`,
        { retryAfterMs: 1000 },
      );
    }
    const nextCursor = more ? formatCursor(this.#query, order, newest ? to : from) : null;
    const total = this.#total(indexedSize, offset - skip, more);
    return { items: this.#items, nextCursor, indexedSize, ...(total !== undefined && { total }) };
  }

  /** How many hits there are, if that is known without looking. */
  #total(indexedSize: number, skipped: number, more: boolean): number | undefined {
    if (this.#query.terms.length === 0) return indexedSize;
    if (more || this.#options.cursor !== undefined) return undefined;
    return skipped + this.#items.length;
  }

  /** How many hits a part has that {@link nearPart} found, of one chunk or segment at most. */
  async #count(part: Part): Promise<number> {
    const searched = part.segments[0] ?? part.chunks[0];
    if (!searched) return 0;
    // A chunk may begin below the part: what is sealed counts there.
    const start = Math.max(part.start, searched.start);
    const end = Math.min(part.end, searched.end);
    return await this.#counts(start, end, async () => {
      const [row] = await this.#reader.select(
        part,
        "1",
        this.#condition,
        (hits) => `SELECT count(*) FROM ${hits}`,
      );
      return Number(row?.[0] ?? 0);
    });
  }

  /** Leaf indexes of the first hits of the part behind `skip` others, in the order of the page. */
  async #hits(part: Part, limit: number, skip: number): Promise<number[]> {
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
      (hits) => `SELECT seq FROM ${hits} ORDER BY seq ${direction} LIMIT ${limit} OFFSET ${skip}`,
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
