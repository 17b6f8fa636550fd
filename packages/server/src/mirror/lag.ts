import type { Clock } from "../log/clock.ts";

/** Marks closer to each other than this are one. */
const RESOLUTION_MS = 100;
const MARKS_MAX = 1024;

interface Mark {
  /** A tree size that the log had reached at `atMs`. */
  readonly size: number;
  readonly atMs: number;
}

/** Remembers when a log reached its sizes, as far as a mirror is behind: bounded, so the older the less exactly. */
export class Lag {
  readonly #clock: Pick<Clock, "monotonicMs">;
  #marks: Mark[] = [];
  #size = 0;
  #arrivedSize = 0;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** The log has this size now. */
  reached(size: number): void {
    if (size <= this.#size) return;
    this.#size = size;
    const atMs = this.#clock.monotonicMs();
    const last = this.#marks.at(-1);
    // The earlier moment stays: an age is rather told too high than too low.
    if (last && atMs - last.atMs < RESOLUTION_MS)
      this.#marks[this.#marks.length - 1] = { size, atMs: last.atMs };
    else this.#marks.push({ size, atMs });
    if (this.#marks.length > MARKS_MAX) this.#thin();
  }

  /** Entries below this size need no more remembering. */
  arrived(size: number): void {
    this.#arrivedSize = size;
    const firstMissing = this.#marks.findIndex((mark) => mark.size > size);
    this.#marks = firstMissing < 0 ? [] : this.#marks.slice(firstMissing);
  }

  /** How long ago the log first had the entry at `index` (milliseconds); 0 if it has not, Infinity if it was let go of. */
  ageMs(index: number): number {
    if (index < this.#arrivedSize) return Infinity;
    const mark = this.#marks.find(({ size }) => size > index);
    return mark ? this.#clock.monotonicMs() - mark.atMs : 0;
  }

  /** Of each two neighbours, keeps the size of the later and the moment of the earlier. */
  #thin(): void {
    const thinned: Mark[] = [];
    for (let i = 0; i < this.#marks.length; i += 2) {
      const mark = this.#marks[i]!;
      thinned.push({ size: (this.#marks[i + 1] ?? mark).size, atMs: mark.atMs });
    }
    this.#marks = thinned;
  }
}
