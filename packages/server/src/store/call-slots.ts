import { UnavailableError } from "@stele/proof";

interface Waiting {
  readonly enter: () => void;
  readonly refuse: (error: UnavailableError) => void;
}

/** How many calls of a store may be under way at once. A store that hangs collects no more than it was given room for. */
export class CallSlots {
  readonly #running: number;
  readonly #waitingMax: number;
  readonly #place: string;
  readonly #waiting = new Set<Waiting>();
  #free: number;

  constructor(options: { readonly running: number; readonly waiting: number; readonly place: string }) {
    this.#running = options.running;
    this.#free = options.running;
    this.#waitingMax = options.waiting;
    this.#place = options.place;
  }

  /**
   * Does the work once there is a slot for it. Until it settles it keeps the slot.
   *
   * @throws UnavailableError `store_unavailable` if there was none within the time, or too many wait already
   */
  async run<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
    await this.#enter(timeoutMs);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(timeoutMs: number): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    if (this.#waiting.size >= this.#waitingMax) throw this.#full("too many calls wait already");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { enter: resolve, refuse: reject };
    this.#waiting.add(waiting);
    const timer = setTimeout(() => {
      this.#waiting.delete(waiting);
      waiting.refuse(this.#full(`${this.#running} calls are under way since ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next.enter();
  }

  #full(why: string): UnavailableError {
    return new UnavailableError("store_unavailable", `${this.#place}: ${why}`, { retryAfterMs: 1_000 });
  }
}
