import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** What a witness tells Prometheus. */
export class WitnessMetrics {
  readonly #registry = new Registry();
  readonly #requests = new Histogram({
    name: "stele_witness_request_seconds",
    help: "Time from a request's headers to its answer; code is ok or an error code",
    labelNames: ["route", "code"] as const,
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    registers: [this.#registry],
  });
  readonly #contradictions = new Counter({
    name: "stele_witness_contradictions_total",
    help: "Requests that showed two different trees of one size, both signed by the log",
    registers: [this.#registry],
  });

  /** @param counts sampled when Prometheus asks */
  constructor(counts: () => { readonly logs: number; readonly cosigned: number }) {
    collectDefaultMetrics({ register: this.#registry });
    const gauge = (name: string, help: string, read: () => number): Gauge =>
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(read());
        },
      });
    gauge("stele_witness_logs", "Logs that the witness has a key of", () => counts().logs);
    gauge("stele_witness_cosigned_logs", "Logs that it has cosigned for", () => counts().cosigned);
  }

  answered(route: string, code: string, seconds: number): void {
    this.#requests.observe({ route, code }, seconds);
  }

  contradicted(): void {
    this.#contradictions.inc();
  }

  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}
