const SECONDS = 61;

export interface Rates {
  /** Events a second, over the last whole second, ten and sixty of them. */
  readonly over1: number;
  readonly over10: number;
  readonly over60: number;
  /** Of each of the last 60 whole seconds, the oldest first. */
  readonly perSecond: readonly number[];
}

/** Counts what comes, by the second. */
export class RateMeter {
  /** By `second % SECONDS`: the second that it is of, and its count. */
  readonly #seconds = new Float64Array(SECONDS).fill(-1);
  readonly #counts = new Float64Array(SECONDS);

  /** @param nowMs of a clock that never goes back */
  count(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    const slot = second % SECONDS;
    if (this.#seconds[slot] !== second) {
      this.#seconds[slot] = second;
      this.#counts[slot] = 0;
    }
    this.#counts[slot]! += 1;
  }

  rates(nowMs: number): Rates {
    const now = Math.floor(nowMs / 1_000);
    const perSecond = Array.from({ length: 60 }, (_, i) => this.#of(now - 60 + i));
    const over = (seconds: number) => perSecond.slice(-seconds).reduce((sum, n) => sum + n, 0) / seconds;
    return { over1: over(1), over10: over(10), over60: over(60), perSecond };
  }

  #of(second: number): number {
    const slot = ((second % SECONDS) + SECONDS) % SECONDS;
    return this.#seconds[slot] === second ? this.#counts[slot]! : 0;
  }
}
