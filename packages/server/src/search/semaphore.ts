import { UnavailableError } from "@stele/proof";

/** Lets work in as long as its weights add up to no more than a limit, in the order in which it came. */
export class Semaphore {
  readonly #limit: number;
  readonly #waitingMax: number;
  readonly #waiting: { readonly weight: number; readonly enter: () => void }[] = [];
  #inside = 0;

  /** @param waitingMax how many may wait, if that is to be bounded here */
  constructor(limit: number, waitingMax = Infinity) {
    this.#limit = limit;
    this.#waitingMax = waitingMax;
  }

  /**
   * Runs `work` when there is room for its weight; what is heavier than the limit runs alone.
   *
   * @throws UnavailableError `search_overloaded` if too many wait
   */
  async run<T>(weight: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#fits(weight)) {
      if (this.#waiting.length >= this.#waitingMax) {
        throw new UnavailableError("search_overloaded", "Too many wait for sealed entries already", {
          retryAfterMs: 1000,
        });
      }
      await new Promise<void>((enter) => this.#waiting.push({ weight, enter }));
    } else {
      this.#inside += weight;
    }
    try {
      return await work();
    } finally {
      this.#inside -= weight;
      for (let next = this.#waiting[0]; next && this.#fits(next.weight); next = this.#waiting[0]) {
        this.#waiting.shift();
        this.#inside += next.weight;
        next.enter();
      }
    }
  }

  #fits(weight: number): boolean {
    return this.#inside === 0 || this.#inside + weight <= this.#limit;
  }
}
