/** Lets work in as long as its weights add up to no more than a limit, in the order in which it came. */
export class Semaphore {
  readonly #limit: number;
  readonly #waiting: { readonly weight: number; readonly enter: () => void }[] = [];
  #inside = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `work` when there is room for its weight; what is heavier than the limit runs alone. */
  async run<T>(weight: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#fits(weight)) {
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
