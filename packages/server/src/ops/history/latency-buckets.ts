const LEAST_SECONDS = 0.0001;
const GROWTH = 1.1;
/** Up to some 150 s; what lasted longer counts as that. */
const BUCKETS = 150;

/** How long things lasted, by quantile, within 5 %; of a fixed size however many they were. */
export class LatencyBuckets {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;

  add(seconds: number): void {
    const bucket = Math.ceil(Math.log(seconds / LEAST_SECONDS) / Math.log(GROWTH));
    this.#counts[Math.min(Math.max(bucket, 0), BUCKETS - 1)]! += 1;
    this.#count++;
  }

  /** The time that a share `q` (0 to 1) did not exceed; undefined if there was nothing. */
  quantile(q: number): number | undefined {
    if (this.#count === 0) return undefined;
    let below = 0;
    const bucket = this.#counts.findIndex((count) => (below += count) >= q * this.#count && below > 0);
    // The middle of the bucket, by ratio.
    return LEAST_SECONDS * GROWTH ** (bucket - 0.5);
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
  }
}
