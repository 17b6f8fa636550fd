import { setImmediate as macrotask } from "node:timers/promises";
import type { Prng } from "./prng.ts";
import type { Trace } from "./trace.ts";

interface Planned {
  readonly atMs: number;
  /** Decides between what is due at the same time. */
  readonly order: number;
  readonly what: string;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * Virtual time, and everything that is still to happen. One thing happens at a time; all code that it sets going runs
 * as far as it can before the next one does.
 */
export class Scheduler {
  readonly prng: Prng;
  readonly trace: Trace;
  #nowMs = 0;
  /** A binary heap: the earliest first. */
  readonly #planned: Planned[] = [];
  #failure: Error | undefined;

  constructor(prng: Prng, trace: Trace) {
    this.prng = prng;
    this.trace = trace;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Ends the run with this error once the present step is over; of several, the first counts. */
  fail(error: Error): void {
    if (this.#failure === undefined) this.trace.add(this.#nowMs, `VIOLATION ${error.message}`);
    this.#failure ??= error;
  }

  note(what: string): void {
    this.trace.add(this.#nowMs, what);
  }

  /** Plans what is to happen after a delay. Returns what takes it back. An empty `what` is not traced. */
  after(delayMs: number, what: string, run: () => void): () => void {
    const order = this.prng.next();
    const planned: Planned = { atMs: this.#nowMs + delayMs, order, what, run, cancelled: false };
    this.#push(planned);
    return () => (planned.cancelled = true);
  }

  /** Lets happen what is planned until `done`, at most for so long. Returns whether it was done. */
  async run(forMs: number, done = (): boolean => false): Promise<boolean> {
    const untilMs = this.#nowMs + forMs;
    await macrotask();
    while (!done()) {
      const next = this.#planned[0];
      if (!next || next.atMs > untilMs) {
        this.#nowMs = untilMs;
        return done();
      }
      this.#pop();
      if (next.cancelled) continue;
      this.#nowMs = next.atMs;
      if (next.what !== "") this.trace.add(this.#nowMs, next.what);
      next.run();
      await macrotask(); // behind all promises that are settled by now
      if (this.#failure) throw this.#failure;
    }
    return true;
  }

  #push(planned: Planned): void {
    const heap = this.#planned;
    let at = heap.push(planned) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(planned, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = planned;
  }

  #pop(): void {
    const heap = this.#planned;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
