import type { LogStatus, NodeStatus } from "../status.ts";
import { REQUEST_KINDS, type RequestFigures } from "./request-meter.ts";
import type { Sample, SeriesLabels, SeriesName } from "./series.ts";

/** Of so many logs a history is kept: of `main`, and of those that come first by name. */
const LOGS_MAX = 16;
const MAIN = "main";

/** What the process is at. */
export interface ProcessFigures {
  readonly residentBytes: number;
  readonly eventLoopDelaySeconds: number;
  /** Clients that follow a log. */
  readonly tails: number;
}

/** What a node is at, as figures to keep. The most important come first. */
export function nodeSamples(
  { logs, sources, alarms }: Pick<NodeStatus, "logs" | "sources" | "alarms">,
  requests: RequestFigures,
  { residentBytes, eventLoopDelaySeconds, tails }: ProcessFigures,
): Sample[] {
  const samples: Sample[] = [
    sample("resident_bytes", {}, residentBytes),
    sample("event_loop_delay_seconds_p99", {}, eventLoopDelaySeconds),
    sample("tails", {}, tails),
    sample("alarms_active", {}, alarms.length),
  ];
  for (const kind of REQUEST_KINDS) {
    samples.push(sample("requests_per_second", { kind }, requests.perSecond[kind]));
    samples.push(sample("errors_per_second", { kind }, requests.errorsPerSecond[kind]));
  }
  const { appendSeconds, searchSeconds } = requests;
  if (appendSeconds) {
    samples.push(sample("append_seconds_p50", {}, appendSeconds.p50));
    samples.push(sample("append_seconds_p99", {}, appendSeconds.p99));
  }
  if (searchSeconds) {
    samples.push(sample("search_seconds_p50", {}, searchSeconds.p50));
    samples.push(sample("search_seconds_p99", {}, searchSeconds.p99));
  }
  const kept = logsByRank(logs).slice(0, LOGS_MAX);
  for (const log of kept) samples.push(...logSamples(log));
  const names = new Set(kept.map(({ name }) => name));
  for (const { log, withGaps, silent } of sources) {
    if (!names.has(log)) continue;
    samples.push(sample("sources_with_gaps", { log }, withGaps), sample("sources_silent", { log }, silent));
  }
  return samples;
}

function* logSamples(status: LogStatus): Generator<Sample> {
  const { name: log, verification } = status;
  yield sample("tree_size", { log }, status.treeSize);
  yield sample("sealed_size", { log }, status.sealedSize);
  yield sample("indexed_size", { log }, status.indexedSize);
  yield sample("journal_entries", { log }, status.treeSize - status.journalStart);
  yield sample("events_per_second", { log }, status.eventsPerSecond);
  yield sample("commits_per_second", { log }, status.commitsPerSecond);
  yield sample("queue_bytes", { log }, status.queueBytes);
  if (verification) {
    yield sample("verification_progress", { log }, verification.progress);
    yield sample("verification_findings", { log }, verification.findings);
  }
  for (const { place, lagMs, lagEntries } of status.mirrors) {
    yield sample("mirror_lag_seconds", { log, mirror: place }, lagMs / 1000);
    yield sample("mirror_lag_entries", { log, mirror: place }, lagEntries);
  }
  for (const { name: witness, cosignedAgoMs } of status.witnesses) {
    if (cosignedAgoMs === undefined) continue;
    yield sample("witness_cosigned_age_seconds", { log, witness }, cosignedAgoMs / 1000);
  }
}

/** `main` first, then by name. */
export function logsByRank(logs: readonly LogStatus[]): LogStatus[] {
  return logs.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

function rank({ name }: LogStatus): number {
  return name === MAIN ? 0 : 1;
}

function sample(name: SeriesName, labels: SeriesLabels, value: number): Sample {
  return { name, labels, value };
}
