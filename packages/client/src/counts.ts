import type { Answer } from "./answer.ts";
import type { CallOptions } from "./transport.ts";

/** What hits can be counted by. */
export type CountField =
  "action" | "actor" | "actor_type" | "tenant" | "outcome" | "ip" | "target" | "source";

export interface CountOptions extends CallOptions {
  /** A tree size: only entries with a leaf index below it. */
  readonly asOf?: number;
}

export interface CountOverTimeOptions extends CountOptions {
  /** About so many, 1–1,000; or give `intervalMs`. The node's own default unless told. */
  readonly buckets?: number;
  /** The width of a bucket. */
  readonly intervalMs?: number;
  /** Splits the counts by the values of this field. */
  readonly field?: CountField;
  /** `[from, to)`: an RFC 3339 date or time, or a distance into the past such as `-24h`. Unless told, of the query, or of the data. */
  readonly from?: string;
  readonly to?: string;
}

export interface TopValuesOptions extends CountOptions {
  /** 1–1,000; the node's own default unless told. */
  readonly limit?: number;
}

/** Hits by `occurred_at`. */
export interface CountsOverTime {
  readonly intervalMs: number;
  /** In order of time, empty ones included. */
  readonly buckets: readonly CountBucket[];
  /** The values that the counts are split by, the most frequent first. */
  readonly values: readonly string[];
  /** How many entries are in the buckets. */
  readonly total: number;
  /** How many entries, from 0 on, were looked at. */
  readonly indexedSize: number;
  readonly treeSize: number;
}

export interface CountBucket {
  /** Unix milliseconds. */
  readonly startMs: number;
  readonly count: number;
  /** With a field: by value, and `other`. A value without a hit is absent; an entry with several targets counts for each. */
  readonly counts: ReadonlyMap<string, number>;
}

export interface TopValues {
  /** The most frequent first. */
  readonly values: readonly { readonly value: string; readonly count: number }[];
  /** There are more that were asked for, but the values are so long that not all of them fit into an answer. */
  readonly isShortened: boolean;
  readonly indexedSize: number;
  readonly treeSize: number;
}

/** @throws MalformedError `response_malformed` */
export function parseCountsOverTime(answer: Answer): CountsOverTime {
  return {
    intervalMs: answer.field("interval_ms").integer(),
    buckets: answer
      .field("buckets")
      .items()
      .map((bucket) => ({
        startMs: bucket.field("start").timeMs(),
        count: bucket.field("count").integer(),
        counts: new Map(
          bucket
            .field("counts")
            .entries()
            .map(([value, count]) => [value, count.integer()]),
        ),
      })),
    values: answer
      .field("values")
      .items()
      .map((value) => value.string()),
    total: answer.field("total").integer(),
    indexedSize: answer.field("indexed_size").integer(),
    treeSize: answer.field("tree_size").integer(),
  };
}

/** @throws MalformedError `response_malformed` */
export function parseTopValues(answer: Answer): TopValues {
  return {
    values: answer
      .field("values")
      .items()
      .map((item) => ({ value: item.field("value").string(), count: item.field("count").integer() })),
    isShortened: answer.has("shortened"),
    indexedSize: answer.field("indexed_size").integer(),
    treeSize: answer.field("tree_size").integer(),
  };
}
