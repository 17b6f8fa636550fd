import { uptime } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

/** Time, as the log's protocol uses it: never to decide what is true, only when to ask again. */
export interface Clock {
  /** Unix milliseconds; may jump. */
  nowMs(): number;
  /** Milliseconds that only grow; may stand still while the machine sleeps. */
  monotonicMs(): number;
  /** Milliseconds that only grow, also while the machine sleeps; in steps of ten or so. */
  bootMs(): number;
  /** Resolves after `ms`, or at once when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  bootMs: () => uptime() * 1000,
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { ref: false, ...(signal && { signal }) });
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};

/** A moment on both clocks. */
export interface Moment {
  readonly bootMs: number;
  readonly monotonicMs: number;
}

export function moment(clock: Clock): Moment {
  return { bootMs: clock.bootMs(), monotonicMs: clock.monotonicMs() };
}

/** How long ago a moment was, at least: the monotonic clock stands still while a machine is suspended. Wall clocks jump, so they are not asked. */
export function elapsedMs(clock: Clock, since: Moment): number {
  return Math.max(clock.monotonicMs() - since.monotonicMs, clock.bootMs() - since.bootMs);
}
