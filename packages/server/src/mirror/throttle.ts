import type { Clock } from "../log/clock.ts";

/** Slows reading down, so that what is urgent finds room beside it. */
export class Throttle {
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  /** On the monotonic clock: what passed until now is paid for at this moment. */
  #freeAtMs: number;

  /** `bytesPerSecond`: Infinity does not slow down. */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
    this.#freeAtMs = clock.monotonicMs();
  }

  /** Resolves when so many more bytes may have passed. */
  async pass(bytes: number): Promise<void> {
    const now = this.#clock.monotonicMs();
    this.#freeAtMs = Math.max(this.#freeAtMs, now) + (bytes / this.#bytesPerSecond) * 1000;
    if (this.#freeAtMs > now) await this.#clock.sleep(this.#freeAtMs - now);
  }
}
