import { MalformedError } from "@stele/proof";
import { queryTimeRange, type CountedField, type Query } from "@stele/query";
import type { Row } from "./database.ts";
import type { IndexView, Part, PartReader } from "./index-view.ts";
import { toSql, type SqlCondition } from "./query-sql.ts";
import { mayMatch } from "./segment-statistics.ts";

/** What entries can be counted by. */
const FIELDS = {
  action: "action",
  actor: "actor_id",
  actor_type: "actor_type",
  tenant: "tenant",
  outcome: "outcome",
  ip: "ip",
  target: "unnest(target_ids)",
  source: "source_id",
} as const satisfies Record<CountedField, string>;

export type Field = CountedField;

export interface HistogramOptions {
  /** The width of a bucket; or give `buckets`. */
  readonly intervalMs?: number;
  /** About so many buckets. */
  readonly buckets?: number;
  readonly field?: Field;
  /** Unix milliseconds, `[from, to)`; unless told, of the query, or of the data. */
  readonly from?: number;
  readonly to?: number;
}

export interface Histogram {
  readonly intervalMs: number;
  /** By `occurred_at`, in order of time, empty ones included. `start` is a multiple of `intervalMs` since 1970. */
  readonly buckets: readonly HistogramBucket[];
  /**
   * The values that `counts` is split by, the most frequent first. Of others, of one that is called `other`, of those too long to be
   * named in each bucket, and without one, is `other`.
   */
  readonly values: readonly string[];
  /** How many entries are in the buckets. */
  readonly total: number;
  readonly indexedSize: number;
}

export interface HistogramBucket {
  readonly start: number;
  readonly count: number;
  /** An entry with several targets counts for each of them. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface TopValues {
  /** The most frequent first; where counts are equal, in the order of the value's bytes. */
  readonly values: readonly ValueCount[];
  /** There are more that were asked for, but the values are so long that not all of them fit into an answer. */
  readonly isShortened: boolean;
  readonly indexedSize: number;
}

export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

/** Fields that can have very many values. */
const MANY: ReadonlySet<Field> = new Set(["actor", "ip", "target", "source"]);
const VALUES_MAX = 10;
const BUCKETS_DEFAULT = 60;
const BUCKETS_MAX = 10_000;
/** A thousand values of 1,024 characters would be 6 MB, as JSON. Values are never cut: who filters by one needs it whole. */
const TOP_BYTES_MAX = 1024 * 1024;
/** Each bucket names its values: ten thousand buckets with ten of 1,024 characters would be 600 MB. */
const NAMES_BYTES_MAX = 8 * 1024 * 1024;
const OTHER = "other";
const TIME = "epoch_ms(occurred_at)";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Widths that people like to read. */
const INTERVALS = [
  1,
  10,
  100,
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((n) => n * DAY),
];

/** Counts hits over the first `size` entries of a view. */
export class Counts {
  readonly #reader: PartReader;
  readonly #condition: SqlCondition;
  readonly #query: Query;
  readonly #part: Part;

  constructor(reader: PartReader, view: IndexView, query: Query, size: number) {
    this.#reader = reader;
    this.#query = query;
    this.#condition = toSql(query);
    const possible = mayMatch(query);
    this.#part = {
      start: 0,
      end: size,
      segments: view.segments.filter(({ start, statistics }) => start < size && possible(statistics)),
      chunks: size > view.sealedSize ? view.chunks.filter(({ start }) => start < size) : [],
      sealedSize: view.sealedSize,
    };
  }

  async top(field: Field, limit: number): Promise<TopValues> {
    const values = await this.#topOf(field, this.#condition, limit);
    let lengthBytes = 0;
    const tooFar = values.findIndex(({ value }) => (lengthBytes += jsonBytes(value)) > TOP_BYTES_MAX);
    return {
      values: tooFar < 0 ? values : values.slice(0, tooFar),
      isShortened: tooFar >= 0,
      indexedSize: this.#part.end,
    };
  }

  async #topOf(field: Field, condition: SqlCondition, limit = VALUES_MAX): Promise<ValueCount[]> {
    const rows = await this.#select(
      `${FIELDS[field]} AS value`,
      condition,
      (hits) =>
        `SELECT value, count(*) FROM ${hits} WHERE value IS NOT NULL GROUP BY value ORDER BY count(*) DESC, value LIMIT ${limit}`,
    );
    return rows.map(([value, count]) => ({ value: String(value), count: Number(count) }));
  }

  /** @throws MalformedError `search_invalid` if that would be too many buckets */
  async histogram(options: HistogramOptions): Promise<Histogram> {
    const { from, to } = await this.#timeRange(options);
    const intervalMs = options.intervalMs ?? niceInterval((to - from) / (options.buckets ?? BUCKETS_DEFAULT));
    const first = Math.floor(from / intervalMs);
    const size = Math.max(0, Math.ceil(to / intervalMs) - first);
    if (size > BUCKETS_MAX) {
      throw new MalformedError(
        "search_invalid",
        `That would be ${size} buckets; ${BUCKETS_MAX} is the limit`,
      );
    }
    const inRange = {
      where: `(${this.#condition.where}) AND occurred_at >= make_timestamp_ms(${from}) AND occurred_at < make_timestamp_ms(${to})`,
      params: this.#condition.params,
    };
    const bucket = `(${TIME} // ${intervalMs} - ${first})::INTEGER AS bucket`;
    const buckets = Array.from({ length: size }, (_, i) => ({
      start: (first + i) * intervalMs,
      count: 0,
      // Without a prototype: its names are values of events.
      counts: Object.create(null) as Record<string, number>,
    }));
    const { field } = options;
    const values = field ? await this.#split(field, bucket, inRange, buckets) : [];
    if (field === undefined || field === "target") {
      const totals = await this.#select(
        bucket,
        inRange,
        (hits) => `SELECT bucket, count(*) FROM ${hits} GROUP BY bucket`,
      );
      for (const [at, count] of totals) buckets[Number(at)]!.count = Number(count);
    }
    const total = buckets.reduce((sum, { count }) => sum + count, 0);
    return { intervalMs, buckets, values, total, indexedSize: this.#part.end };
  }

  /** Counts each bucket by the most frequent values of a field, and returns these. */
  async #split(
    field: Field,
    bucket: string,
    condition: SqlCondition,
    buckets: readonly { count: number; counts: Record<string, number> }[],
  ): Promise<string[]> {
    const bucketAndValue = `${bucket}, ${FIELDS[field]} AS value`;
    let ranked: readonly string[];
    // Of each bucket, by the rank of the value. A row does not have the value: there are very many rows.
    let rows: Row[];
    if (MANY.has(field)) {
      // Every value in every bucket would be too much to keep: the hits are read twice instead.
      ranked = (await this.#topOf(field, condition)).map(({ value }) => value);
      const params = [...condition.params, ...ranked];
      const ranks = ranked.map((_, i) => `WHEN $${condition.params.length + i + 1} THEN ${i}`);
      const rank = ranks.length === 0 ? "NULL" : `CASE value ${ranks.join(" ")} END`;
      rows = await this.#select(
        bucketAndValue,
        { where: condition.where, params },
        (hits) => `SELECT bucket, ${rank} AS rank, count(*) FROM ${hits} GROUP BY ALL`,
      );
    } else {
      const found = await this.#select(
        bucketAndValue,
        condition,
        (hits) => `
          WITH counted AS MATERIALIZED (SELECT bucket, value, count(*) AS n FROM ${hits} GROUP BY ALL),
            ranked AS MATERIALIZED (
              SELECT value, row_number() OVER (ORDER BY sum(n) DESC, value) - 1 AS rank
              FROM counted WHERE value IS NOT NULL GROUP BY value QUALIFY rank < ${VALUES_MAX})
          SELECT bucket, rank, sum(n)::BIGINT, NULL FROM counted LEFT JOIN ranked USING (value) GROUP BY bucket, rank
          UNION ALL SELECT NULL, rank, NULL, value FROM ranked`,
      );
      const names = found.filter(([, , , value]) => value !== null);
      ranked = names.toSorted(([, a], [, b]) => Number(a) - Number(b)).map(([, , , value]) => String(value));
      rows = found.filter(([, , , value]) => value === null);
    }
    const isNamed = nameable(ranked, buckets.length);
    for (const [at, rank, count] of rows) {
      const ofBucket = buckets[Number(at)]!;
      const value = rank === null ? OTHER : ranked[Number(rank)]!;
      const name = isNamed.has(value) ? value : OTHER;
      ofBucket.counts[name] = (ofBucket.counts[name] ?? 0) + Number(count);
      if (field !== "target") ofBucket.count += Number(count);
    }
    return [...isNamed];
  }

  async #timeRange(options: HistogramOptions): Promise<{ from: number; to: number }> {
    const asked = queryTimeRange(this.#query);
    const from = options.from ?? asked.fromMs;
    const to = options.to ?? asked.toMs;
    if (from !== undefined && to !== undefined) return { from, to };
    // What segments say of themselves holds for those that count as a whole.
    const { segments, end } = this.#part;
    const seen = await this.#reader.select(
      { ...this.#part, segments: segments.filter((segment) => segment.end > end) },
      `${TIME} AS ms`,
      { where: "TRUE", params: [] },
      (entries) => `SELECT min(ms), max(ms) FROM ${entries} HAVING count(*) > 0`,
    );
    const ranges = segments
      .filter((segment) => segment.end <= end)
      .map(({ statistics }) => statistics.occurred_at);
    ranges.push(...seen.map(([least, greatest]): [number, number] => [Number(least), Number(greatest)]));
    const least = Math.min(...ranges.map(([ms]) => ms));
    const greatest = Math.max(...ranges.map(([, ms]) => ms));
    if (ranges.length === 0) return { from: from ?? to ?? 0, to: to ?? from ?? 0 };
    return { from: from ?? Math.min(least, to ?? least), to: to ?? Math.max(greatest + 1, from ?? 0) };
  }

  async #select(
    expressions: string,
    condition: SqlCondition,
    statement: (relation: string) => string,
  ): Promise<Row[]> {
    return await this.#reader.select(this.#part, expressions, condition, statement);
  }
}

/**
 * The values that each bucket names, the most frequent first, as far as they are short enough for so many buckets. A value that is
 * called as the rest is counts for the rest: the rest must not count for it, and for whoever is called so.
 */
function nameable(ranked: readonly string[], buckets: number): ReadonlySet<string> {
  let left = NAMES_BYTES_MAX / buckets;
  const named = ranked.filter((value) => {
    const lengthBytes = jsonBytes(value);
    if (value === OTHER || lengthBytes > left) return false;
    left -= lengthBytes;
    return true;
  });
  return new Set(named);
}

function jsonBytes(value: string): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function niceInterval(ms: number): number {
  return INTERVALS.find((interval) => interval >= ms) ?? Math.ceil(ms / (365 * DAY)) * 365 * DAY;
}
