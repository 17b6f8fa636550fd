import { SourceState, type KeptSource, type SourceEntry } from "./source-state.ts";

export interface SourceLimits {
  /** Sources that are followed: the first so many, in the order of the log. */
  readonly sourcesMax: number;
  /** Ranges of all sources beside the first of each. */
  readonly rangesMax: number;
}

/** As docs/spec/sources.md has them: who recomputes the answer needs the same. */
export const SOURCE_LIMITS: SourceLimits = { sourcesMax: 100_000, rangesMax: 500_000 };

/** The cache of {@link SourceTable}, as JSON. */
export interface KeptTable {
  readonly size: number;
  readonly unfollowed: number;
  readonly sources: readonly KeptSource[];
}

/**
 * What the first `size` entries of a log show of their sources: the same for the same entries, whoever computes it, in
 * bounded memory. Entries are added in the order of the log.
 */
export class SourceTable {
  readonly #limits: SourceLimits;
  readonly #sources = new Map<string, SourceState>();
  #sorted: string[] | undefined;
  #extraRanges = 0;
  /** A tree size. */
  size = 0;
  /** Entries of sources that came when there were too many already. */
  unfollowed = 0;

  constructor(limits: SourceLimits = SOURCE_LIMITS) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#sources.size;
  }

  /** Whether something is not in the answer. */
  get isTruncated(): boolean {
    return this.unfollowed > 0;
  }

  get(id: string): SourceState | undefined {
    return this.#sources.get(id);
  }

  all(): IterableIterator<SourceState> {
    return this.#sources.values();
  }

  /** Those whose ids come behind `after`, in the order of UTF-16 code units. */
  page(after: string | undefined, limit: number): SourceState[] {
    this.#sorted ??= [...this.#sources.keys()].toSorted((a, b) => (a < b ? -1 : 1));
    const sorted = this.#sorted;
    let low = 0;
    let high = after === undefined ? 0 : sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]! <= after!) low = middle + 1;
      else high = middle;
    }
    return sorted.slice(low, low + limit).map((id) => this.#sources.get(id)!);
  }

  add(entry: SourceEntry): void {
    let source = this.#sources.get(entry.id);
    if (!source) {
      if (this.#sources.size >= this.#limits.sourcesMax) {
        this.unfollowed++;
        return;
      }
      source = new SourceState(entry);
      this.#sources.set(entry.id, source);
      this.#sorted = undefined;
    }
    const before = source.gapCount;
    source.add(entry, this.#extraRanges < this.#limits.rangesMax);
    this.#extraRanges += source.gapCount - before;
  }

  toJson(): KeptTable {
    return {
      size: this.size,
      unfollowed: this.unfollowed,
      sources: [...this.#sources.values()].map((source) => source.toJson()),
    };
  }

  static fromJson({ size, unfollowed, sources }: KeptTable): SourceTable {
    const table = new SourceTable();
    table.size = size;
    table.unfollowed = unfollowed;
    for (const kept of sources) {
      const source = SourceState.fromJson(kept);
      table.#sources.set(source.id, source);
      table.#extraRanges += source.gapCount;
    }
    return table;
  }
}
