import type { StoreCall } from "../store/observed-store.ts";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { RequestMeter } from "./history/request-meter.ts";
import { NodeGauges } from "./node-gauges.ts";
import { Rate } from "./rate.ts";
import type { NodeStatus } from "./status.ts";

export interface CommitObservation {
  readonly entries: number;
  /** Events that were there already, so that they got the first receipt again. */
  readonly duplicates: number;
  /** The entries together. */
  readonly bytes: number;
  /** From the start of the write to the acknowledgement. */
  readonly seconds: number;
}

export interface RequestObservation {
  readonly method: string;
  /** The route as it is declared (`/v1/logs/:log`), never the URL: a metric's label must be one of a few. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/**
 * What a node tells Prometheus. Counting is cheap (microseconds, no I/O): it may be done for each request and each commit,
 * and is not to be done for each event. Gauges are sampled when Prometheus asks.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #gauges = new NodeGauges(this.#registry);
  #status: (() => NodeStatus) | undefined;
  readonly #requests = new Histogram({
    name: "stele_http_request_seconds",
    help: "Time from a request's headers to the end of its answer; for a tail, how long it lasted",
    labelNames: ["method", "route", "status"] as const,
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    registers: [this.#registry],
  });
  readonly #commits = new Histogram({
    name: "stele_commit_seconds",
    help: "Time to make a commit durable and acknowledge it",
    labelNames: ["log"] as const,
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
    registers: [this.#registry],
  });
  readonly #storeCalls = new Histogram({
    name: "stele_store_seconds",
    help: "Calls of the shared store; outcome is ok or an error code",
    labelNames: ["operation", "outcome"] as const,
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
    registers: [this.#registry],
  });
  readonly #events = this.#counter("stele_events_total", "Events committed", ["log"]);
  readonly #duplicates = this.#counter("stele_duplicates_total", "Events that were already in the log", [
    "log",
  ]);
  readonly #bytes = this.#counter("stele_entry_bytes_total", "Bytes of the entries committed", ["log"]);
  readonly #rejects = this.#counter(
    "stele_rejected_submissions_total",
    "Submissions refused, by error code",
    ["log", "code"],
  );
  readonly #tails: Gauge<"log">;
  readonly #eventRate = new Rate(() => performance.now());
  #tailCount = 0;
  /** Of requests, for the history. */
  readonly requests = new RequestMeter(() => performance.now());

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.#tails = new Gauge({
      name: "stele_tails",
      help: "Clients that follow the log",
      labelNames: ["log"] as const,
      registers: [this.#registry],
    });
  }

  /** Shows the state of a node from now on. `status` must return at once. */
  watch(status: () => NodeStatus): void {
    this.#status = status;
  }

  /** What this node committed, over ten seconds. */
  get eventsPerSecond(): number {
    return this.#eventRate.perSecond;
  }

  /** Clients that follow a log. */
  get tailCount(): number {
    return this.#tailCount;
  }

  committed(log: string, { entries, duplicates, bytes, seconds }: CommitObservation): void {
    this.#commits.observe({ log }, seconds);
    this.#eventRate.add(entries);
    this.#events.inc({ log }, entries);
    this.#duplicates.inc({ log }, duplicates);
    this.#bytes.inc({ log }, bytes);
  }

  /** A submission got an error. `code` is one of Stele's, so there are few. */
  rejected(log: string, code: string): void {
    this.#rejects.inc({ log, code });
  }

  storeCalled({ operation, outcome, seconds }: StoreCall): void {
    this.#storeCalls.observe({ operation, outcome }, seconds);
  }

  answered(request: RequestObservation): void {
    const { method, route, status, seconds } = request;
    this.requests.count(request);
    this.#requests.observe({ method, route, status }, seconds);
  }

  /** A tail began (1) or ended (-1). */
  tails(log: string, change: 1 | -1): void {
    this.#tailCount += change;
    this.#tails.inc({ log }, change);
  }

  /** All metrics in the text format of Prometheus, and its content type. */
  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    if (this.#status) this.#gauges.show(this.#status());
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }
}
