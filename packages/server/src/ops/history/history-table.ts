import { HISTORY_SERIES, mergeValues, type Sample, type SeriesLabels, type SeriesName } from "./series.ts";

/** How long something is kept, and how finely. */
export interface Resolution {
  readonly stepSeconds: number;
  /** How many steps are kept. */
  readonly slots: number;
}

/** 10 s for 6 hours, a minute for a day, ten minutes for 30 days. Each step is a multiple of the one before. */
export const RESOLUTIONS: readonly Resolution[] = [
  { stepSeconds: 10, slots: 2_160 },
  { stepSeconds: 60, slots: 1_440 },
  { stepSeconds: 600, slots: 4_320 },
];

/** What can be asked for: so many seconds, at one of {@link RESOLUTIONS}. */
const RANGES = {
  "1h": { seconds: 3_600, resolution: 0 },
  "6h": { seconds: 6 * 3_600, resolution: 0 },
  "24h": { seconds: 24 * 3_600, resolution: 1 },
  "7d": { seconds: 7 * 24 * 3_600, resolution: 2 },
  "30d": { seconds: 30 * 24 * 3_600, resolution: 2 },
} as const;

export type HistoryRange = keyof typeof RANGES;

export const HISTORY_RANGES = ["1h", "6h", "24h", "7d", "30d"] as const satisfies readonly HistoryRange[];

/** 8 bytes for each of 7,920 steps of a series: 20 MB when all are taken. */
export const SERIES_MAX = 320;
const LABEL_LENGTH_MAX = 512;
/** A series that has had no value for so long makes room for another. */
const IDLE_SECONDS = 24 * 3_600;

/** What was, at equal steps. */
export interface History {
  /** When the first step began (Unix seconds). */
  readonly fromSeconds: number;
  readonly stepSeconds: number;
  /** Made one by one, as they are asked for, of what is there then: all at once would be more than a million figures. */
  readonly series: Iterable<HistorySeries>;
}

export interface HistorySeries {
  readonly name: SeriesName;
  readonly labels: SeriesLabels;
  /** One a step, as many for each series; NaN where the node did not run, or had no such figure. */
  readonly values: Float64Array;
}

/** A series as it is kept. */
export interface StoredSeries {
  readonly name: SeriesName;
  readonly labels: SeriesLabels;
  /** For each of {@link RESOLUTIONS}: the value of step `s` (Unix time by its length) is at `s % slots`; NaN for none. */
  readonly rings: readonly Float64Array[];
  /** When it had a value last (Unix seconds). */
  lastSeconds: number;
}

/**
 * Figures over time, in memory of a fixed size: of each series a ring for each resolution. The coarser rings are made from
 * the finer ones, so that nothing but the rings has to be kept.
 */
export class HistoryTable {
  readonly #series = new Map<string, StoredSeries>();
  /** For each of {@link RESOLUTIONS}, the newest step that there is. */
  readonly #newest: number[];

  /** @param newest and `series`: what was kept */
  constructor(newest: readonly number[] = RESOLUTIONS.map(() => -1), series: readonly StoredSeries[] = []) {
    this.#newest = [...newest];
    for (const one of series.slice(0, SERIES_MAX)) this.#series.set(keyOf(one), one);
  }

  get newest(): readonly number[] {
    return this.#newest;
  }

  /** Those that have had a value within what is kept. */
  get series(): readonly StoredSeries[] {
    return [...this.#series.values()];
  }

  /** Takes figures in. What is more than fits is left out: the first come first. */
  record(nowSeconds: number, samples: readonly Sample[]): void {
    const steps = RESOLUTIONS.map(({ stepSeconds }) => Math.floor(nowSeconds / stepSeconds));
    for (const [i, step] of steps.entries()) this.#advance(i, step);
    this.#forget(nowSeconds);
    for (const { name, labels, value } of samples) {
      if (!Number.isFinite(value)) continue;
      const series = this.#find(name, bounded(labels), nowSeconds);
      if (!series) continue;
      series.lastSeconds = nowSeconds;
      for (const [i, step] of steps.entries()) {
        const merged = i === 0 ? value : this.#merged(series, i, step);
        series.rings[i]![step % RESOLUTIONS[i]!.slots] = rounded(merged);
      }
    }
  }

  /** @param log leaves out the series of other logs */
  read(range: HistoryRange, nowSeconds: number, log?: string): History {
    const { seconds, resolution } = RANGES[range];
    const { stepSeconds } = RESOLUTIONS[resolution]!;
    const newest = this.#newest[resolution]!;
    const now = Math.floor(nowSeconds / stepSeconds);
    // The step that has just begun may have no figures yet.
    const last = newest === now - 1 ? newest : now;
    const first = last - seconds / stepSeconds + 1;
    const series = { [Symbol.iterator]: () => this.#read(resolution, first, last, log) };
    return { fromSeconds: first * stepSeconds, stepSeconds, series };
  }

  *#read(resolution: number, first: number, last: number, log: string | undefined): Generator<HistorySeries> {
    // Those that there are now: others may come and go before the last is read.
    for (const { name, labels, rings } of this.series) {
      if (log !== undefined && (labels["log"] ?? log) !== log) continue;
      const values = this.#steps(rings[resolution]!, resolution, first, last);
      if (!values.every(Number.isNaN)) yield { name, labels, values };
    }
  }

  /** The values of steps `first` to `last`, NaN where they are not kept. */
  #steps(ring: Float64Array, resolution: number, first: number, last: number): Float64Array {
    const { slots } = RESOLUTIONS[resolution]!;
    const newest = this.#newest[resolution]!;
    const values = new Float64Array(last - first + 1).fill(NaN);
    const end = Math.min(last, newest) + 1;
    // In one piece, or in two where the ring goes round.
    for (let step = Math.max(first, newest - slots + 1, 0); step < end;) {
      const at = step % slots;
      const count = Math.min(slots - at, end - step);
      values.set(ring.subarray(at, at + count), step - first);
      step += count;
    }
    return values;
  }

  /** Of the steps of the next finer ring. */
  #merged(series: StoredSeries, resolution: number, step: number): number {
    const { slots, stepSeconds } = RESOLUTIONS[resolution - 1]!;
    const ratio = RESOLUTIONS[resolution]!.stepSeconds / stepSeconds;
    const newest = this.#newest[resolution - 1]!;
    const finer = series.rings[resolution - 1]!;
    const values: number[] = [];
    for (let at = step * ratio; at < (step + 1) * ratio && at <= newest; at++) {
      const value = at > newest - slots ? finer[at % slots]! : NaN;
      if (!Number.isNaN(value)) values.push(value);
    }
    return mergeValues(HISTORY_SERIES[series.name], values);
  }

  /** Empties what lies between the newest step and this one. A clock that was put back further than is kept begins anew. */
  #advance(resolution: number, step: number): void {
    const { slots } = RESOLUTIONS[resolution]!;
    const newest = this.#newest[resolution]!;
    if (step <= newest && step > newest - slots) return;
    const isAnew = step < newest || step - newest >= slots;
    for (const { rings } of this.#series.values()) {
      const ring = rings[resolution]!;
      if (isAnew) ring.fill(NaN);
      else for (let at = newest + 1; at <= step; at++) ring[at % slots] = NaN;
    }
    this.#newest[resolution] = step;
  }

  #find(name: SeriesName, labels: SeriesLabels, nowSeconds: number): StoredSeries | undefined {
    const key = keyOf({ name, labels });
    const present = this.#series.get(key);
    if (present) return present;
    if (this.#series.size >= SERIES_MAX && !this.#makeRoom(nowSeconds)) return undefined;
    const rings = RESOLUTIONS.map(({ slots }) => new Float64Array(slots).fill(NaN));
    const made: StoredSeries = { name, labels, rings, lastSeconds: nowSeconds };
    this.#series.set(key, made);
    return made;
  }

  #makeRoom(nowSeconds: number): boolean {
    const [oldest] = [...this.#series].toSorted(([, a], [, b]) => a.lastSeconds - b.lastSeconds);
    if (!oldest || nowSeconds - oldest[1].lastSeconds < IDLE_SECONDS) return false;
    return this.#series.delete(oldest[0]);
  }

  #forget(nowSeconds: number): void {
    const { stepSeconds, slots } = RESOLUTIONS.at(-1)!;
    for (const [key, { lastSeconds }] of this.#series) {
      if (nowSeconds - lastSeconds > stepSeconds * slots) this.#series.delete(key);
    }
  }
}

function keyOf({ name, labels }: Pick<StoredSeries, "name" | "labels">): string {
  return JSON.stringify([name, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

function bounded(labels: SeriesLabels): SeriesLabels {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [name, value.slice(0, LABEL_LENGTH_MAX)]),
  );
}

/** Six digits are enough to draw, and make short answers. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
