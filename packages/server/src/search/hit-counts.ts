import { hash } from "node:crypto";
import { forAll } from "./asker.ts";
import { formatQuery, type Query } from "@stele/query";

/** Of some 100 bytes each. */
const COUNTS_MAX = 16_384;

/**
 * How many hits queries have in ranges of entries, as last counted. Entries never change, so a count stays right: where they
 * are, hot or sealed, does not matter. Bounded: what was not used for longest is forgotten.
 */
export class HitCounts {
  readonly #countsMax: number;
  readonly #counts = new Map<string, Promise<number>>();

  constructor(countsMax = COUNTS_MAX) {
    this.#countsMax = countsMax;
  }

  /** Counts of one query: who asks for a range that is just being counted waits for that. A failure is not kept. */
  of(query: Query): (start: number, end: number, count: () => Promise<number>) => Promise<number> {
    const digest = hash("sha256", formatQuery(query), "base64url");
    return async (start, end, count) => {
      const key = `${digest} ${start} ${end}`;
      const known = this.#counts.get(key);
      const counting = known ?? forAll(count);
      if (!known) {
        counting.catch(() => {
          if (this.#counts.get(key) === counting) this.#counts.delete(key);
        });
      }
      this.#counts.delete(key);
      this.#counts.set(key, counting);
      if (this.#counts.size > this.#countsMax) this.#counts.delete(this.#counts.keys().next().value!);
      return await counting;
    };
  }
}
