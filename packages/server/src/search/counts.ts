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
  /** The values that `counts` is split by, the most frequent first. Of others, of one that is called `other`, and without one, is `other`. */
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
  readonly values: readonly { readonly value: string; readonly count: number }[];
  readonly indexedSize: number;
}

/** Fields that can have very many values. */
const MANY: ReadonlySet<Field> = new Set(["actor", "ip", "target", "source"]);
const VALUES_MAX = 10;
const BUCKETS_DEFAULT = 60;
const BUCKETS_MAX = 10_000;
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
    return { values: await this.#topOf(field, this.#condition, limit), indexedSize: this.#part.end };
  }

  async #topOf(field: Field, condition: SqlCondition, limit = VALUES_MAX): Promise<TopValues["values"]> {
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
    let top: string[];
    let rows: Row[];
    if (MANY.has(field)) {
      // Every value in every bucket would be too much to keep: the hits are read twice instead.
      top = (await this.#topOf(field, condition)).map(({ value }) => value).filter(isNamed);
      const params = [...condition.params, ...top];
      const named = top.map((_, i) => `$${condition.params.length + i + 1}`).join(", ") || "NULL";
      rows = await this.#select(
        bucketAndValue,
        { where: condition.where, params },
        (hits) =>
          `SELECT bucket, CASE WHEN value IN (${named}) THEN value END AS named, count(*) FROM ${hits} GROUP BY ALL`,
      );
    } else {
      const ranked = await this.#select(
        bucketAndValue,
        condition,
        (hits) => `
          WITH counted AS MATERIALIZED (SELECT bucket, value, count(*) AS n FROM ${hits} GROUP BY ALL),
            ranked AS (
              SELECT value, row_number() OVER (ORDER BY sum(n) DESC, value) AS rank
              FROM counted WHERE value IS NOT NULL GROUP BY value)
          SELECT bucket, CASE WHEN rank <= ${VALUES_MAX} THEN value END AS named, sum(n)::BIGINT, min(rank)::INTEGER
          FROM counted LEFT JOIN ranked USING (value) GROUP BY ALL`,
      );
      const named = new Map(
        ranked.filter(([, value]) => value !== null).map(([, value, , rank]) => [value, rank]),
      );
      const sorted = [...named].toSorted(([, a], [, b]) => Number(a) - Number(b));
      top = sorted.map(([value]) => String(value)).filter(isNamed);
      rows = ranked;
    }
    for (const [at, value, count] of rows) {
      const ofBucket = buckets[Number(at)]!;
      const name = value === null ? OTHER : String(value);
      ofBucket.counts[name] = (ofBucket.counts[name] ?? 0) + Number(count);
      if (field !== "target") ofBucket.count += Number(count);
    }
    return top;
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

/** A value that is called as the rest is counts for the rest: the rest must not count for it, and for whoever is called so. */
function isNamed(value: string): boolean {
  return value !== OTHER;
}

function niceInterval(ms: number): number {
  return INTERVALS.find((interval) => interval >= ms) ?? Math.ceil(ms / (365 * DAY)) * 365 * DAY;
}
