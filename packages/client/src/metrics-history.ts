import type { Answer } from "./answer.ts";

export type HistoryRange = "1h" | "6h" | "24h" | "7d" | "30d";

/** What a node was at, at equal steps. docs/operate/monitoring.md says what the series are. */
export interface MetricsHistory {
  /** When the first step began: RFC 3339. */
  readonly from: string;
  readonly stepSeconds: number;
  readonly series: readonly MetricsSeries[];
}

export interface MetricsSeries {
  /** `events_per_second`, … */
  readonly name: string;
  /** `log`, and with it `mirror` or `witness`; or `kind`, of requests. */
  readonly labels: Readonly<Record<string, string>>;
  /** One a step; null where the node did not run, or had no such figure. */
  readonly values: readonly (number | null)[];
}

/** @throws MalformedError `response_malformed` */
export function parseMetricsHistory(answer: Answer): MetricsHistory {
  return {
    from: answer.field("from").string(),
    stepSeconds: answer.field("step_seconds").integer(),
    series: answer
      .field("series")
      .items()
      .map((series) => ({
        name: series.field("name").string(),
        labels: parseLabels(series.field("labels")),
        values: series.field("values").numbersOrNull(),
      })),
  };
}

/** With own keys only, whatever the node called them. */
function parseLabels(labels: Answer): Readonly<Record<string, string>> {
  return Object.fromEntries(labels.entries().map(([name, value]) => [name, value.string()]));
}
