import { performance } from "node:perf_hooks";
import type { Clock } from "../../log/clock.ts";

/** With nothing else to do, a quarter of the time is worked. */
const IDLE_DUTY = 0.25;
/** Beside other work, no more than this, if that is enough. */
const BUSY_DUTY = 0.02;
/** The node's main thread is busy above this share of the time. */
const BUSY_UTILIZATION = 0.3;
/** A machine that is short of time makes work look long. */
const REST_MS_MAX = 20_000;
/** Behind small pieces of work, of which there are few, while nothing else is done. */
const SHORT_REST_MS_MAX = 500;

/**
 * How much of the time verifying may work: little while the node is busy, more when it is not, and always as much as it takes
 * to be done in time.
 */
export class Pace {
  readonly #clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly #utilization: () => number;
  /** Units of work a millisecond, as measured; 0 before the first. */
  #speed = 0;
  #needed = 0;
  /** Nobody waits for the node meanwhile: it need not spare anything. */
  hurried = false;

  /** `utilization`: the share of the time that the node was busy since it was asked the last time. */
  constructor(
    clock: Pick<Clock, "monotonicMs" | "sleep">,
    utilization: () => number = eventLoopUtilization(),
  ) {
    this.#clock = clock;
    this.#utilization = utilization;
  }

  /** So much is left to be done, in so many milliseconds. */
  aim(units: number, leftMs: number): void {
    this.#needed = units / Math.max(1, leftMs);
  }

  /** The share of the time to work at now. */
  #share(): { readonly duty: number; readonly isBusy: boolean } {
    if (this.hurried) return { duty: 1, isBusy: false };
    const isBusy = this.#utilization() > BUSY_UTILIZATION;
    const needed = this.#speed === 0 ? 0 : Math.min(1, this.#needed / this.#speed);
    return { duty: Math.max(needed, isBusy ? BUSY_DUTY : IDLE_DUTY), isBusy };
  }

  /** Does so many units of work, then rests in proportion. 0: it is little, and says nothing of the speed. */
  async work<T>(units: number, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const began = this.#clock.monotonicMs();
    const result = await work();
    const ms = Math.max(0.01, this.#clock.monotonicMs() - began);
    if (units > 0) this.#speed = this.#speed === 0 ? units / ms : 0.8 * this.#speed + (0.2 * units) / ms;
    const { duty, isBusy } = this.#share();
    const restMs = (ms * (1 - duty)) / duty;
    const restMsMax = units > 0 || isBusy ? REST_MS_MAX : SHORT_REST_MS_MAX;
    if (duty < 1) await this.#clock.sleep(Math.min(restMsMax, restMs), signal);
    return result;
  }
}

function eventLoopUtilization(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
