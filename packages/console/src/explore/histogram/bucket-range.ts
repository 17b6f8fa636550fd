import type { CountsOverTime } from "@stele/client";

type Buckets = Pick<CountsOverTime, "buckets" | "intervalMs">;

/** Unix milliseconds, `[fromMs, toMs)`. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The time of the bars `a` to `b`, both included, in either order. */
export function spanOfBuckets({ buckets, intervalMs }: Buckets, a: number, b: number): TimeSpan {
  const [first, last] = a <= b ? [a, b] : [b, a];
  return { fromMs: buckets[first]!.startMs, toMs: buckets[last]!.startMs + intervalMs };
}

/** The bar in which a time is; the nearest one for a time outside of them. Undefined without bars. */
export function bucketAt({ buckets, intervalMs }: Buckets, ms: number): number | undefined {
  const [first] = buckets;
  if (!first) return undefined;
  const i = Math.floor((ms - first.startMs) / intervalMs);
  return Math.min(Math.max(i, 0), buckets.length - 1);
}
