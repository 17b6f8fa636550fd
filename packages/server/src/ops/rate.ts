const SLOTS = 10;

/** How often something happened, a second, over the last ten seconds. */
export class Rate {
  readonly #nowMs: () => number;
  readonly #counts = new Float64Array(SLOTS);
  #second = 0;

  /** @param nowMs milliseconds that only grow */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add(count: number): void {
    this.#advance();
    this.#counts[this.#second % SLOTS]! += count;
  }

  get perSecond(): number {
    this.#advance();
    return this.#counts.reduce((sum, count) => sum + count, 0) / SLOTS;
  }

  #advance(): void {
    const second = Math.floor(this.#nowMs() / 1000);
    for (let at = Math.max(this.#second + 1, second - SLOTS + 1); at <= second; at++)
      this.#counts[at % SLOTS] = 0;
    this.#second = Math.max(this.#second, second);
  }
}
