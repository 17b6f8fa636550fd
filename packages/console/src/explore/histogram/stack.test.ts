import { expect, test } from "vitest";
import { stack } from "./stack.ts";

const counts = (values: string[], ...buckets: Record<string, number>[]) => ({
  intervalMs: 1_000,
  values,
  total: 0,
  indexedSize: 0,
  treeSize: 0,
  buckets: buckets.map((bucket, i) => ({
    startMs: i * 1_000,
    count: Object.values(bucket).reduce((sum, n) => sum + n, 0),
    counts: new Map(Object.entries(bucket)),
  })),
});

test("each layer stands on those below it, and the rest is on top", () => {
  const layers = stack(counts(["success", "denied"], { success: 3, other: 1 }, {}, { denied: 2 }));
  expect(layers).toEqual([
    { value: "success", isRest: false, count: 3, tops: [3, 0, 0] },
    { value: "denied", isRest: false, count: 2, tops: [3, 0, 2] },
    { value: "other", isRest: true, count: 1, tops: [4, 0, 2] },
  ]);
});

test("a value that is called other is one, and names that objects have are nothing special", () => {
  const layers = stack(counts(["constructor", "other"], { constructor: 1, other: 2 }));
  expect(layers.map(({ value, isRest, count }) => [value, isRest, count])).toEqual([
    ["constructor", false, 1],
    ["other", false, 2],
  ]);
});

test("counts that aren't split are one layer", () => {
  const unsplit = counts([], {}, {});
  const buckets = unsplit.buckets.map((bucket) => ({ ...bucket, count: 5 }));
  expect(stack({ ...unsplit, buckets })).toEqual([
    { value: "events", isRest: false, count: 10, tops: [5, 5] },
  ]);
});
