/** How the values of a step are made one: rates are averaged, sizes are what they were last, what is bad when it is high is the worst. */
export type Merge = "mean" | "last" | "max";

/** What is kept of a node over time, and how. docs/operate/monitoring.md says what each is. */
export const HISTORY_SERIES = {
  tree_size: "last",
  sealed_size: "last",
  indexed_size: "last",
  journal_entries: "last",
  events_per_second: "mean",
  commits_per_second: "mean",
  queue_bytes: "max",
  mirror_lag_seconds: "max",
  mirror_lag_entries: "max",
  witness_cosigned_age_seconds: "max",
  verification_progress: "last",
  verification_findings: "max",
  sources_with_gaps: "max",
  sources_silent: "max",
  requests_per_second: "mean",
  errors_per_second: "mean",
  append_seconds_p50: "max",
  append_seconds_p99: "max",
  search_seconds_p50: "max",
  search_seconds_p99: "max",
  resident_bytes: "last",
  event_loop_delay_seconds_p99: "max",
  tails: "last",
  alarms_active: "max",
} as const satisfies Readonly<Record<string, Merge>>;

export type SeriesName = keyof typeof HISTORY_SERIES;

/** `log`; with it `mirror` or `witness`; or `kind`, of requests. */
export type SeriesLabels = Readonly<Record<string, string>>;

/** One figure, as it is now. */
export interface Sample {
  readonly name: SeriesName;
  readonly labels: SeriesLabels;
  readonly value: number;
}

export function isSeriesName(name: string): name is SeriesName {
  return Object.hasOwn(HISTORY_SERIES, name);
}

/** The figures of one step as one; NaN if there are none. */
export function mergeValues(merge: Merge, values: readonly number[]): number {
  if (values.length === 0) return NaN;
  switch (merge) {
    case "last":
      return values.at(-1)!;
    case "max":
      return Math.max(...values);
    case "mean":
      return values.reduce((sum, value) => sum + value, 0) / values.length;
  }
}
