import { queryTimeRange, requiredEquals, type ParsedEntry, type Query, type TextField } from "@stele/query";

/** What is known of all entries of a segment: to leave it out where a query can't have hits in it. */
export interface SegmentStatistics {
  /** Least and greatest, Unix milliseconds. */
  readonly occurred_at: readonly [number, number];
  readonly received_at: readonly [number, number];
  /** All values that a field has in the segment, if they are few. An absent field has none. */
  readonly values: Readonly<Partial<Record<TextField, readonly string[]>>>;
}

const VALUES_MAX = 64;
const VALUES_LENGTH_MAX = 2048;
const TIMES = ["occurred_at", "received_at"] as const;

const FIELDS: readonly (readonly [TextField, (entry: ParsedEntry) => string | undefined])[] = [
  ["action", (entry) => entry.action],
  ["actor", (entry) => entry.actor.id],
  ["actor_type", (entry) => entry.actor.type],
  ["outcome", (entry) => entry.outcome],
  ["tenant", (entry) => entry.tenant],
  ["source", (entry) => entry.source?.id],
];

export class StatisticsBuilder {
  readonly #times = TIMES.map((): [number, number] => [Infinity, -Infinity]);
  /** A set is given up for good once it is too large. */
  readonly #values = new Map<TextField, Set<string>>(FIELDS.map(([field]) => [field, new Set()]));

  add(entry: ParsedEntry): void {
    for (const [i, name] of TIMES.entries()) {
      const ms = Date.parse(entry[name]);
      const range = this.#times[i]!;
      if (ms < range[0]) range[0] = ms;
      if (ms > range[1]) range[1] = ms;
    }
    for (const [field, valueOf] of FIELDS) {
      const values = this.#values.get(field);
      const value = valueOf(entry);
      if (!values || value === undefined || values.has(value)) continue;
      values.add(value);
      if (values.size > VALUES_MAX) this.#values.delete(field);
    }
  }

  finish(): SegmentStatistics {
    const few = [...this.#values]
      .map(([field, values]) => [field, [...values].toSorted()] as const)
      .filter(([, values]) => values.join("").length <= VALUES_LENGTH_MAX);
    return {
      occurred_at: this.#times[0]!,
      received_at: this.#times[1]!,
      values: Object.fromEntries(few),
    };
  }
}

/** Whether a segment with these statistics can have hits: false only if it certainly has none. */
export function mayMatch(query: Query): (statistics: SegmentStatistics) => boolean {
  const times = TIMES.map((name) => [name, queryTimeRange(query, name)] as const);
  const equals = requiredEquals(query);
  return (statistics) =>
    times.every(([name, { fromMs = -Infinity, toMs = Infinity }]) => {
      const [least, greatest] = statistics[name];
      return greatest >= fromMs && least < toMs;
    }) &&
    equals.every(({ field, values }) => {
      const present = statistics.values[field];
      return !present || values.some((value) => present.includes(value));
    });
}
