import { expect, test } from "vitest";
import { RateMeter } from "./rate-meter.ts";

test("counts by the second, and forgets after a minute", () => {
  const meter = new RateMeter();
  expect(meter.rates(500)).toMatchObject({ over1: 0, over10: 0, over60: 0 });
  for (let i = 0; i < 120; i++) meter.count(5_000 + i);
  // A second that is not over yet does not count.
  expect(meter.rates(5_900).over1).toBe(0);
  expect(meter.rates(6_000)).toMatchObject({ over1: 120, over10: 12, over60: 2 });
  meter.count(6_500);
  expect(meter.rates(7_000)).toMatchObject({ over1: 1, over10: 12.1 });
  expect(meter.rates(7_000).perSecond.slice(-3)).toEqual([0, 120, 1]);
  expect(meter.rates(66_000).perSecond.slice(0, 2)).toEqual([1, 0]);
  expect(meter.rates(67_000).over60).toBe(0);
  meter.count(66_200);
  expect(meter.rates(67_000).over1).toBe(1);
});
