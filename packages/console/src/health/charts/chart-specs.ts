import type { LinePick } from "./history-view.ts";
import type { Unit } from "./units.ts";

/** What one chart shows. */
export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  /** What it means, in a sentence. */
  readonly meaning: string;
  readonly unit: Unit;
  readonly picks: readonly LinePick[];
}

const KINDS = ["append", "search", "read", "proof", "tiles", "other"] as const;

/** The charts of a node, and of one of its logs. docs/operate/monitoring.md says what the series are. */
export function nodeCharts(log: string): ChartSpec[] {
  return [
    {
      id: "ingest",
      title: "Ingest",
      meaning: "Events of this log, of all nodes, as this node saw them",
      unit: "rate",
      picks: [
        { name: "events_per_second", labels: { log }, label: "events" },
        { name: "commits_per_second", labels: { log }, label: "commits" },
      ],
    },
    {
      id: "append-latency",
      title: "Append latency",
      meaning: "Until events are durable, in the tree and signed",
      unit: "seconds",
      picks: [
        { name: "append_seconds_p50", label: "p50" },
        { name: "append_seconds_p99", label: "p99" },
      ],
    },
    {
      id: "search-latency",
      title: "Search latency",
      meaning: "Of searches that were answered",
      unit: "seconds",
      picks: [
        { name: "search_seconds_p50", label: "p50" },
        { name: "search_seconds_p99", label: "p99" },
      ],
    },
    {
      id: "requests",
      title: "Requests",
      meaning: "Of this node, by kind",
      unit: "rate",
      picks: KINDS.map((kind) => ({ name: "requests_per_second", labels: { kind }, label: kind })),
    },
    {
      id: "errors",
      title: "Errors",
      meaning: "Requests that were answered with 500 and above, by kind",
      unit: "rate",
      picks: KINDS.map((kind) => ({ name: "errors_per_second", labels: { kind }, label: kind })),
    },
    {
      id: "queue",
      title: "Queue",
      meaning: "Submissions that were accepted and are not committed yet",
      unit: "bytes",
      picks: [{ name: "queue_bytes", labels: { log }, label: "waiting" }],
    },
    {
      id: "event-loop",
      title: "Event loop delay",
      meaning: "How long the process keeps what is ready waiting",
      unit: "seconds",
      picks: [{ name: "event_loop_delay_seconds_p99", label: "p99" }],
    },
    {
      id: "memory",
      title: "Memory",
      meaning: "Resident memory of the process",
      unit: "bytes",
      picks: [{ name: "resident_bytes", label: "resident" }],
    },
  ];
}

export function mirrorChart(log: string): ChartSpec {
  return {
    id: "mirror-lag",
    title: "Lag of mirrors",
    meaning: "The age of the oldest commit that a mirror does not have",
    unit: "seconds",
    picks: [{ name: "mirror_lag_seconds", labels: { log }, labelled: "mirror" }],
  };
}

export function witnessChart(log: string): ChartSpec {
  return {
    id: "witness-age",
    title: "Age of cosignatures",
    meaning: "How old the newest cosignature of each witness is",
    unit: "seconds",
    picks: [{ name: "witness_cosigned_age_seconds", labels: { log }, labelled: "witness" }],
  };
}
