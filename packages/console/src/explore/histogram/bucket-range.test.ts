import { expect, test } from "vitest";
import { bucketAt, spanOfBuckets } from "./bucket-range.ts";

const counts = {
  intervalMs: 10,
  buckets: [100, 110, 120].map((startMs) => ({ startMs, count: 0, counts: new Map<string, number>() })),
};

test("a time belongs to the bar that it is in, or is nearest to", () => {
  expect([99, 100, 109.9, 110, 129, 1_000].map((ms) => bucketAt(counts, ms))).toEqual([0, 0, 0, 1, 2, 2]);
  expect(bucketAt({ intervalMs: 10, buckets: [] }, 5)).toBeUndefined();
});

test("bars span from the beginning of the first to the end of the last, drawn from either side", () => {
  expect(spanOfBuckets(counts, 0, 0)).toEqual({ fromMs: 100, toMs: 110 });
  expect(spanOfBuckets(counts, 2, 1)).toEqual({ fromMs: 110, toMs: 130 });
});
