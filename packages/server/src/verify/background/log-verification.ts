import { UnavailableError } from "@stele/proof";
import type { SignedTreeHead } from "../../log/audit-log.ts";
import { Mutex } from "../../log/mutex.ts";
import type { VerificationStatus } from "../../ops/status.ts";
import type { Finding } from "./finding.ts";
import { NewData } from "./new-data.ts";
import { Pace } from "./pace.ts";
import { VerificationLog } from "./verification-log.ts";
import { VerificationPass, walkTree } from "./verification-pass.ts";
import type { VerificationOptions } from "./verified-log.ts";
import { VerifierState, type KeptFinding } from "./verifier-state.ts";

/** Passes begin so often, as a share of the time within which everything is to be read: the next one may be a little slower. */
const PERIOD_SHARE = 0.8;
/** A node that starts has other things to do. */
const START_MS = 2_000;
const CHECK_MS = 5_000;
const RETRY_MS = 15_000;
const RETRY_MS_MAX = 10 * 60_000;
const LATE_SHARE = 1.2;

/**
 * Verifies one log as long as its node runs: what is new at once, and everything within a time. It reads what is stored, in
 * the primary and in mirrors, never what the node remembers of it. A finding is kept, and an alarm; nothing stops for it.
 */
export class LogVerification {
  readonly #options: VerificationOptions;
  readonly #found: VerificationLog;
  readonly #newData: NewData;
  readonly #pace: Pace;
  readonly #closing = new AbortController();
  readonly #turns = new Mutex();
  #pass: VerificationPass | undefined;
  /** Gives up the pass that runs, since another one is wanted. */
  #passing = new AbortController();
  /** Somebody asked for a pass over everything, which is not done yet. */
  #requested = false;
  /** Callers of {@link passNow}. */
  #waiting = 0;
  /** Ends a rest between passes. */
  #rest = new AbortController();
  #startedMs = 0;
  #running: Promise<unknown> = Promise.resolve();

  private constructor(options: VerificationOptions, found: VerificationLog) {
    this.#options = options;
    this.#found = found;
    this.#pace = new Pace(options.clock);
    this.#newData = new NewData(options, found, new Pace(options.clock), this.#closing.signal);
  }

  /** Reads what an earlier run kept. Nothing runs before {@link start}. */
  static async open(options: VerificationOptions): Promise<LogVerification> {
    const { log, stateDirectory, alarms, clock } = options;
    const state = await VerifierState.open(stateDirectory, log.name, log.origin, clock.nowMs());
    return new LogVerification(options, new VerificationLog(log.name, state, alarms, clock));
  }

  start(): void {
    this.#startedMs = this.#options.clock.nowMs();
    this.#running = Promise.all([this.#newData.run(), this.#run()]);
  }

  /** There is a new head, whose commit begins at `start`. Returns at once. */
  committed(start: number, head: SignedTreeHead): void {
    this.#newData.committed(start, head);
  }

  sealed(): void {
    this.#newData.sealed();
  }

  /**
   * Begins a pass over everything now, as fast as it goes, whatever other nodes do; one that runs in the background is given up
   * for it. Returns at once: {@link status} tells how far it is. If a store is out, it is tried again until it was done.
   *
   * @returns false if such a pass runs already
   */
  begin(): boolean {
    if (this.#requested) return false;
    this.#requested = true;
    this.#setPace();
    this.#passing.abort();
    this.#pass = undefined; // nothing more is told of the one that is given up
    this.#rest.abort();
    return true;
  }

  /**
   * Does a whole pass now, as fast as it goes, whatever other nodes do.
   *
   * @returns what is not as it should be, now @throws UnavailableError if something can't be read now
   */
  async passNow(): Promise<readonly Finding[]> {
    this.#waiting++;
    this.#setPace();
    this.#passing.abort();
    return await this.#turns.run(async () => {
      try {
        await this.#newData.look();
        return await this.#onePass(true);
      } finally {
        this.#waiting--;
        this.#setPace();
      }
    });
  }

  status(): VerificationStatus {
    const { lastFullMs } = this.#found.state.content;
    return {
      ...(lastFullMs !== undefined && { lastFullMs }),
      progress: this.#pass?.progress ?? 0,
      isRunning: this.#pass !== undefined || this.#requested,
      position: this.#pass?.position ?? 0,
      entriesPerSecond: this.#found.entriesPerSecond,
      verifiedBytes: this.#found.bytes,
      findings: this.#found.present.length,
      isLate: this.#isLate,
    };
  }

  /** What it found and did not find right since. */
  get findings(): readonly KeptFinding[] {
    return this.#found.present;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#passing.abort();
    await this.#running;
    await this.#turns.run(() => Promise.resolve());
  }

  get #isLate(): boolean {
    const { lastFullMs, firstStartMs } = this.#found.state.content;
    return this.#options.clock.nowMs() - (lastFullMs ?? firstStartMs) > LATE_SHARE * this.#options.everyMs;
  }

  get #periodMs(): number {
    return this.#options.everyMs * PERIOD_SHARE;
  }

  async #run(): Promise<void> {
    const { onFailure } = this.#options;
    const { signal } = this.#closing;
    let isChecked = false;
    let retryMs = RETRY_MS;
    for (await this.#pause(START_MS); !signal.aborted; await this.#pause(CHECK_MS)) {
      this.#tellIfLate();
      try {
        if (!isChecked) await this.#checkTrees();
        isChecked = true;
        // After a failure, what is done already is not read again, but each copy is looked at.
        if (this.#requested || this.#isDue) {
          await this.#turns.run(() => this.#onePass(this.#requested));
          retryMs = RETRY_MS;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (isAbort(error)) continue;
        if (!(error instanceof UnavailableError)) onFailure(error);
        await this.#pause(retryMs);
        retryMs = Math.min(2 * retryMs, RETRY_MS_MAX);
      }
    }
  }

  /** Nobody waits for a pass that nobody asked for. */
  #setPace(): void {
    this.#pace.hurried = this.#requested || this.#waiting > 0;
  }

  /** Rests, unless a pass is asked for meanwhile, or was before. */
  async #pause(ms: number): Promise<void> {
    await this.#options.clock.sleep(ms, AbortSignal.any([this.#closing.signal, this.#rest.signal]));
    this.#rest = new AbortController();
  }

  /** What was changed while the node was down is found at once, whenever the next pass is due. */
  async #checkTrees(): Promise<void> {
    const { log } = this.#options;
    await this.#turns.run(async () => {
      for (const verified of log.copies) {
        const pace = async <T>(work: () => Promise<T>): Promise<T> =>
          await this.#pace.work(0, work, AbortSignal.any([this.#closing.signal, this.#passing.signal]));
        try {
          await walkTree(this.#options, this.#found, verified, pace, []);
        } catch (error) {
          // A mirror that is out keeps nothing else from being looked at.
          if (!(error instanceof UnavailableError)) throw error;
        }
      }
    });
  }

  get #isDue(): boolean {
    const { pass, lastFullMs } = this.#found.state.content;
    const nowMs = this.#options.clock.nowMs();
    return (
      pass !== undefined ||
      lastFullMs === undefined ||
      // The clock was put back.
      lastFullMs > nowMs ||
      (nowMs - lastFullMs >= this.#periodMs / 2 && this.#period(lastFullMs) !== this.#period(nowMs))
    );
  }

  #period(ms: number): number {
    return Math.floor(ms / this.#periodMs);
  }

  async #onePass(isAlone: boolean): Promise<readonly Finding[]> {
    const { clock } = this.#options;
    const { state } = this.#found;
    const fresh = {
      startedMs: clock.nowMs(),
      period: this.#period(clock.nowMs()),
      positions: {},
      claimed: [],
    };
    const progress = isAlone ? fresh : (state.content.pass ?? fresh);
    this.#passing = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, this.#passing.signal]);
    // Some time is left for what comes between.
    const endMs = progress.startedMs + this.#periodMs * 0.9;
    const pass = new VerificationPass(this.#options, this.#found, this.#pace, progress, {
      isAlone,
      endMs,
      signal,
    });
    this.#pass = pass;
    try {
      const findings = await pass.run();
      if (isAlone) this.#requested = false;
      this.#setPace();
      const { pass: _, ...rest } = state.content;
      await state.replace({ ...rest, lastFullMs: clock.nowMs() });
      return findings;
    } finally {
      if (this.#pass === pass) this.#pass = undefined;
    }
  }

  #tellIfLate(): void {
    const { alarms, log, everyMs, clock } = this.#options;
    const key = { code: "verification_late", log: log.name, subject: log.name };
    if (!this.#isLate) {
      alarms.clear(key);
      return;
    }
    // A node that was stopped for long is late at once: it gets time to make up for it.
    if (clock.nowMs() - this.#startedMs < (LATE_SHARE - 1) * everyMs) return;
    alarms.raise({
      ...key,
      severity: "warning",
      message: `Not everything that is stored of the log ${log.name} was verified within ${timeText(everyMs)}. A store may be out, or the node too slow: look at stele status, or give it more time (--verify-every)`,
    });
  }
}

/** As options are written: `24h`, `90m`, `30s`. */
function timeText(ms: number): string {
  const [unitMs, unit] = (
    [
      [3_600_000, "h"],
      [60_000, "m"],
    ] as const
  ).find(([each]) => ms % each === 0) ?? [1000, "s"];
  return `${ms / unitMs}${unit}`;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
