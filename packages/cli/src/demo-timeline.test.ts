import { expect, test } from "vitest";
import { DemoTimeline } from "./demo-timeline.ts";

const timeline = new DemoTimeline(4_000);
const NOON = Date.UTC(2026, 0, 5, 12);

test("event n is always at the same time, later than the one before", () => {
  const first = timeline.eventsUntil(NOON);
  let before = timeline.timeOf(first - 4_001);
  for (let n = first - 4_000; n < first; n++) {
    const at = timeline.timeOf(n);
    expect(at).toBeGreaterThanOrEqual(before);
    before = at;
  }
  expect(NOON - before).toBeLessThan(60_000);
  expect(NOON - timeline.timeOf(first - 4_000)).toBeLessThan(86_400_000 + 60_000);
});

test("counts what has occurred, at any time of the day", () => {
  for (let ms = NOON; ms < NOON + 86_400_000; ms += 77_777) {
    const count = timeline.eventsUntil(ms);
    expect(timeline.timeOf(count - 1)).toBeLessThanOrEqual(ms);
    expect(timeline.timeOf(count + 1)).toBeGreaterThanOrEqual(ms);
  }
});

function during(hour: number): number {
  return (
    timeline.eventsUntil(Date.UTC(2026, 0, 5, hour + 1)) - timeline.eventsUntil(Date.UTC(2026, 0, 5, hour))
  );
}

test("more by day than by night", () => {
  expect(during(10)).toBeGreaterThan(5 * during(3));
});
