import { UnavailableError } from "@stele/proof";
import type { Clock } from "../log/clock.ts";
import type { ReconcileReport } from "./reconcile-report.ts";
import type { ReconcileOptions } from "./reconcile.ts";
import { reconcileLog } from "./reconcile.ts";

export interface ReconcileScheduleOptions {
  /** One for each mirror; `bytesPerSecondMax` and the clock are added. */
  readonly mirrors: readonly Omit<ReconcileOptions, "bytesPerSecondMax" | "clock">[];
  readonly everyMs: number;
  /** Whether this node is the one to do it in this period, of all that could. */
  readonly claim: (period: number) => Promise<boolean>;
  readonly clock: Clock;
  readonly report: (event: ReconciledReport) => void;
}

export type ReconciledReport =
  | { readonly kind: "reconciled"; readonly report: ReconcileReport }
  | { readonly kind: "reconcile_failed"; readonly place: string; readonly error: unknown };

const CHECK_MS = 30_000;
/** Reading all segments of both sides must not be felt. */
const BYTES_PER_SECOND_MAX = 16 * 2 ** 20;

/** Compares mirrors with their primary once a period: one node of all does. */
export class ReconcileSchedule {
  readonly #options: ReconcileScheduleOptions;
  readonly #closing = new AbortController();

  constructor(options: ReconcileScheduleOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#run();
  }

  /** Does not wait for a comparison under way: it changes nothing that could be left half done. */
  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { everyMs, claim, clock, mirrors, report } = this.#options;
    const { signal } = this.#closing;
    let done = -1;
    for (;;) {
      await clock.sleep(Math.min(CHECK_MS, everyMs / 2), signal);
      if (signal.aborted) return;
      const period = Math.floor(clock.nowMs() / everyMs);
      if (period === done) continue;
      try {
        if (await claim(period)) await this.#reconcile();
        done = period;
      } catch (error) {
        // The store is out, which others tell: tried again at the next look. Whatever else it is, the node goes on.
        if (error instanceof UnavailableError) continue;
        for (const { objects } of mirrors) report({ kind: "reconcile_failed", place: objects.place, error });
      }
    }
  }

  async #reconcile(): Promise<void> {
    const { mirrors, clock, report } = this.#options;
    for (const mirror of mirrors) {
      if (this.#closing.signal.aborted) return;
      try {
        const found = await reconcileLog({ ...mirror, clock, bytesPerSecondMax: BYTES_PER_SECOND_MAX });
        report({ kind: "reconciled", report: found });
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        report({ kind: "reconcile_failed", place: mirror.objects.place, error });
      }
    }
  }
}
