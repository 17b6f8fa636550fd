import type { LiveEvent } from "./live-event.ts";

/** So many events are in the list at most, and so many may wait while it is held. */
export const ROWS_MAX = 5_000;
/** How much longer the list gets in memory before what is too much is taken off. */
const SLACK = 1.25;
const BREAKS_MAX = 100;

/** Something that must not be: the indexes of a tail have no gap, and none comes twice. */
export interface Break {
  readonly kind: "missing" | "repeated";
  /** Leaf indexes. */
  readonly first: number;
  readonly last: number;
}

export interface RowsView {
  /** The oldest first. */
  readonly rows: readonly LiveEvent[];
  readonly held: boolean;
  /** Have come while the list is held. */
  readonly waiting: number;
  /** Were in the list, and had to make room. */
  readonly dropped: number;
  /** The oldest of those. */
  readonly firstDropped: LiveEvent | undefined;
  readonly breaks: readonly Break[];
}

/**
 * The events of a tail, in a list of bounded length. While it is held it stays as it is, and a bounded number of further
 * ones waits: see {@link LiveRows.isFull}.
 */
export class LiveRows {
  readonly #isComplete: boolean;
  readonly #max: number;
  #rows: LiveEvent[] = [];
  #waiting: LiveEvent[] = [];
  #held = false;
  #dropped = 0;
  #firstDropped: LiveEvent | undefined;
  #breaks: readonly Break[] = [];
  #next: number | undefined;

  /** @param isComplete nothing is filtered out, so that indexes must be consecutive */
  constructor(isComplete: boolean, max = ROWS_MAX) {
    this.#isComplete = isComplete;
    this.#max = max;
  }

  /** Nothing more should be read until the list is let go. */
  get isFull(): boolean {
    return this.#held && this.#waiting.length >= this.#max;
  }

  /** What comes first is expected to have this index, if nothing has come yet. */
  begin(index: number): void {
    this.#next ??= index;
  }

  take(event: LiveEvent): void {
    const { index } = event;
    const expected = this.#next ?? index;
    if (index < expected) {
      this.#break({ kind: "repeated", first: index, last: index });
      return;
    }
    if (index > expected && this.#isComplete) {
      this.#break({ kind: "missing", first: expected, last: index - 1 });
    }
    this.#next = index + 1;
    if (this.#held) this.#waiting.push(event);
    else this.#show([event]);
  }

  hold(): void {
    this.#held = true;
  }

  /** What waited is in the list from now on. */
  release(): void {
    this.#held = false;
    this.#show(this.#waiting);
    this.#waiting = [];
  }

  /** Empties the list. What waits goes on waiting, and breaks stay. */
  clear(): void {
    this.#rows = [];
    this.#dropped = 0;
    this.#firstDropped = undefined;
  }

  view(): RowsView {
    return {
      rows: this.#rows.slice(-this.#max),
      held: this.#held,
      waiting: this.#waiting.length,
      dropped: this.#dropped + Math.max(0, this.#rows.length - this.#max),
      firstDropped: this.#firstDropped ?? (this.#rows.length > this.#max ? this.#rows[0] : undefined),
      breaks: this.#breaks,
    };
  }

  #show(entries: readonly LiveEvent[]): void {
    for (const entry of entries) this.#rows.push(entry);
    // Moving all of them for each one that comes would be slow.
    if (this.#rows.length < SLACK * this.#max) return;
    const gone = this.#rows.splice(0, this.#rows.length - this.#max);
    this.#firstDropped ??= gone[0];
    this.#dropped += gone.length;
  }

  #break(found: Break): void {
    this.#breaks = [...this.#breaks, found].slice(-BREAKS_MAX);
  }
}
