import { UnavailableError } from "@stele/proof";
import type { ReconciledReport, ReconcileSchedule } from "./reconcile-schedule.ts";
import type { MirrorReport, MirrorState, MirrorWriter } from "./mirror-writer.ts";

/** What an operator decided about mirrors. */
export interface MirrorPolicy {
  /** `sync`: events are acknowledged only once every mirror has them. */
  readonly mode: "async" | "sync";
  /** How long an acknowledgement waits for a mirror (milliseconds). */
  readonly timeoutMs: number;
  /** Then: refuse it (it is committed, and safe to send again), or go on without that mirror, with an alarm. */
  readonly failure: "fail" | "degrade";
  /** How often a mirror is compared with the primary, byte by byte (milliseconds). */
  readonly reconcileEveryMs: number;
}

export type MirrorsReport =
  | MirrorReport
  | ReconciledReport
  /** Acknowledgements do not wait for this mirror any more: it was too slow, or is out. */
  | { readonly kind: "mirror_degraded"; readonly place: string }
  /** It has everything, and acknowledgements wait for it again. */
  | { readonly kind: "mirror_in_step"; readonly place: string };

/** The mirrors of one log. */
export class LogMirrors {
  readonly #writers: readonly MirrorWriter[];
  readonly #schedule: ReconcileSchedule;
  readonly #policy: MirrorPolicy;
  readonly #report: (event: MirrorsReport) => void;
  readonly #degraded = new Set<MirrorWriter>();

  constructor(
    writers: readonly MirrorWriter[],
    schedule: ReconcileSchedule,
    policy: MirrorPolicy,
    report: (event: MirrorsReport) => void,
  ) {
    this.#writers = writers;
    this.#schedule = schedule;
    this.#policy = policy;
    this.#report = report;
  }

  start(): void {
    for (const writer of this.#writers) writer.start();
    if (this.#writers.length > 0) this.#schedule.start();
  }

  /** There is a commit, or a segment, that mirrors may not have. */
  wake(): void {
    for (const writer of this.#writers) writer.wake();
  }

  get isSync(): boolean {
    return this.#policy.mode === "sync";
  }

  /**
   * Resolves once the entries below a tree size may be acknowledged, as far as mirrors go.
   *
   * @throws UnavailableError `mirror_behind`
   */
  async assured(treeSize: number): Promise<void> {
    if (!this.isSync) return;
    await Promise.all(this.#writers.map((writer) => this.#waitFor(writer, treeSize)));
  }

  /** How far each of them is. */
  states(): MirrorState[] {
    return this.#writers.map((writer) => {
      const state = writer.state();
      const isWaitedFor = this.isSync && !this.#degraded.has(writer);
      return { ...state, mode: isWaitedFor ? "sync" : "async" };
    });
  }

  async close(): Promise<void> {
    this.#schedule.close();
    await Promise.all(this.#writers.map((writer) => writer.close()));
  }

  async #waitFor(writer: MirrorWriter, treeSize: number): Promise<void> {
    const { timeoutMs, failure } = this.#policy;
    const { place, lagEntries } = writer.state();
    if (this.#degraded.has(writer)) {
      if (lagEntries > 0) return;
      this.#degraded.delete(writer);
      this.#report({ kind: "mirror_in_step", place });
    }
    try {
      await writer.waitFor(treeSize, timeoutMs);
    } catch (error) {
      if (failure === "fail" || !(error instanceof UnavailableError)) throw error;
      if (this.#degraded.has(writer)) return;
      this.#degraded.add(writer);
      this.#report({ kind: "mirror_degraded", place });
    }
  }
}
