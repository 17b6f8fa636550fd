/** Seqs `[from, to]` that are there. `sinceMs`: when the gap below it was first seen (received_at, Unix milliseconds). */
interface SeqRange {
  from: number;
  to: number;
  sinceMs: number;
}

/** Seqs that are missing between others that are there, both ends included. */
export interface SeqGap {
  readonly from: number;
  readonly to: number;
  /** received_at of the entry that showed it first: one behind the gap, or one before it. Unix milliseconds. */
  readonly sinceMs: number;
}

/** Of one source, as docs/spec/sources.md defines it. */
export const RANGES_MAX = 1_024;
export const DUPLICATE_INDEXES_MAX = 5;

/** One entry, as far as sources go. */
export interface SourceEntry {
  readonly index: number;
  readonly id: string;
  readonly seq: number | undefined;
  /** Unix milliseconds. */
  readonly receivedMs: number;
  /** What the entry declares: seconds, 0 for the end of a declaration; undefined if it declares nothing. */
  readonly heartbeatSeconds: number | undefined;
}

/** A source as JSON, for the cache. */
export interface KeptSource {
  readonly id: string;
  readonly ranges: readonly (readonly [from: number, to: number, sinceMs: number])[];
  readonly counts: readonly [entries: number, duplicates: number, unplaced: number];
  readonly duplicateIndexes: readonly number[];
  readonly first: readonly [index: number, ms: number];
  readonly last: readonly [index: number, ms: number];
  readonly heartbeatSeconds: number;
}

/** What the entries of one source show. They are added in the order of the log. */
export class SourceState {
  readonly id: string;
  /** In ascending order, with something missing between each two. */
  readonly #ranges: SeqRange[] = [];
  readonly duplicateIndexes: number[] = [];
  entries = 0;
  /** Entries whose seq an earlier one had. */
  duplicates = 0;
  /** Entries whose seq could not be placed: there are too many gaps. They count as missing. */
  unplaced = 0;
  readonly firstIndex: number;
  readonly firstMs: number;
  lastIndex: number;
  lastMs: number;
  /** 0: none is declared. */
  heartbeatSeconds = 0;

  constructor({ id, index, receivedMs }: SourceEntry) {
    this.id = id;
    this.firstIndex = this.lastIndex = index;
    this.firstMs = this.lastMs = receivedMs;
  }

  /** The least seq that is there; undefined if no entry has one. */
  get firstSeq(): number | undefined {
    return this.#ranges[0]?.from;
  }

  /** The greatest seq up to which, from the least on, nothing is missing. */
  get watermark(): number | undefined {
    return this.#ranges[0]?.to;
  }

  /** The greatest that was placed. */
  get lastSeq(): number | undefined {
    return this.#ranges.at(-1)?.to;
  }

  get rangeCount(): number {
    return this.#ranges.length;
  }

  get gapCount(): number {
    return Math.max(0, this.#ranges.length - 1);
  }

  /** How many seqs are missing between the least and the greatest. A float above 2^53. */
  get missing(): number {
    let missing = 0;
    for (let i = 1; i < this.#ranges.length; i++)
      missing += this.#ranges[i]!.from - this.#ranges[i - 1]!.to - 1;
    return missing;
  }

  /** The lowest gaps, `max` at most. */
  gaps(max = Infinity): SeqGap[] {
    const gaps: SeqGap[] = [];
    for (let i = 1; i < this.#ranges.length && gaps.length < max; i++) {
      const { from, sinceMs } = this.#ranges[i]!;
      gaps.push({ from: this.#ranges[i - 1]!.to + 1, to: from - 1, sinceMs });
    }
    return gaps;
  }

  /** When the oldest gap that is still there was seen first; undefined without gaps. */
  get oldestGapMs(): number | undefined {
    let oldest: number | undefined;
    for (let i = 1; i < this.#ranges.length; i++) {
      const { sinceMs } = this.#ranges[i]!;
      if (oldest === undefined || sinceMs < oldest) oldest = sinceMs;
    }
    return oldest;
  }

  /** @param mayGrow whether one more range may be kept */
  add({ index, seq, receivedMs, heartbeatSeconds }: SourceEntry, mayGrow: boolean): void {
    this.entries++;
    this.lastIndex = index;
    this.lastMs = receivedMs;
    if (heartbeatSeconds !== undefined) this.heartbeatSeconds = heartbeatSeconds;
    if (seq !== undefined) this.#place(seq, index, receivedMs, mayGrow);
  }

  toJson(): KeptSource {
    return {
      id: this.id,
      ranges: this.#ranges.map(({ from, to, sinceMs }) => [from, to, sinceMs]),
      counts: [this.entries, this.duplicates, this.unplaced],
      duplicateIndexes: this.duplicateIndexes,
      first: [this.firstIndex, this.firstMs],
      last: [this.lastIndex, this.lastMs],
      heartbeatSeconds: this.heartbeatSeconds,
    };
  }

  static fromJson(kept: KeptSource): SourceState {
    const { id, first, last, counts } = kept;
    const state = new SourceState({
      id,
      index: first[0],
      receivedMs: first[1],
      seq: undefined,
      heartbeatSeconds: undefined,
    });
    [state.entries, state.duplicates, state.unplaced] = counts;
    [state.lastIndex, state.lastMs] = last;
    state.heartbeatSeconds = kept.heartbeatSeconds;
    state.duplicateIndexes.push(...kept.duplicateIndexes);
    for (const [from, to, sinceMs] of kept.ranges) state.#ranges.push({ from, to, sinceMs });
    return state;
  }

  #place(seq: number, index: number, receivedMs: number, mayGrow: boolean): void {
    const ranges = this.#ranges;
    const newest = ranges.at(-1);
    if (newest && seq === newest.to + 1) {
      newest.to = seq; // as nearly always
      return;
    }
    const at = this.#firstEndingFrom(seq);
    const above = ranges[at];
    if (above && above.from <= seq) {
      this.duplicates++;
      if (this.duplicateIndexes.length < DUPLICATE_INDEXES_MAX) this.duplicateIndexes.push(index);
      return;
    }
    const below = ranges[at - 1];
    const joinsBelow = below !== undefined && below.to + 1 === seq;
    const joinsAbove = above !== undefined && above.from - 1 === seq;
    if (joinsBelow && joinsAbove) {
      below.to = above.to;
      ranges.splice(at, 1);
    } else if (joinsBelow) below.to = seq;
    else if (joinsAbove) above.from = seq;
    else if (newest && (!mayGrow || ranges.length >= RANGES_MAX)) this.unplaced++;
    else {
      // Inside a gap that was there: its lower part is as old. In front of all: the gap behind it is new.
      const sinceMs = below && above ? above.sinceMs : receivedMs;
      if (!below && above) above.sinceMs = receivedMs;
      ranges.splice(at, 0, { from: seq, to: seq, sinceMs });
    }
  }

  /** The position of the first range that ends at `seq` or above. */
  #firstEndingFrom(seq: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranges[middle]!.to < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
