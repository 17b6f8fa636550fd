import { expect, test } from "vitest";
import { describeRange } from "./described-range.ts";
import { distanceLabel } from "./relative-ranges.ts";

const NOW = Date.parse("2026-04-01T12:00:00Z");

function label(from?: string, to?: string): string {
  return describeRange({ from, to }, NOW, "UTC").label;
}

test("a distance into the past says what it means now", () => {
  expect(describeRange({ from: "-24h" }, NOW, "UTC")).toEqual({
    label: "Last 24 hours",
    meaning: "2026-03-31 12:00:00 to now, UTC",
  });
  expect(describeRange({ from: "-90m" }, NOW, "UTC").label).toBe("Last 90 minutes");
});

test("both offsets where the clocks change in between", () => {
  const { meaning } = describeRange({ from: "-7d" }, NOW, "Europe/Berlin");
  expect(meaning).toBe("2026-03-25 13:00:00 to now, UTC+01:00");
  const whole = describeRange({ from: "2026-03-25", to: "2026-04-01" }, NOW, "Europe/Berlin");
  expect(whole.meaning).toBe("2026-03-25 01:00:00 to 2026-04-01 02:00:00, UTC+01:00 and UTC+02:00");
});

test("absolute, half open and open ranges", () => {
  expect(label()).toBe("All time");
  expect(label("2026-01-01")).toBe("Since 2026-01-01 00:00:00");
  expect(label(undefined, "2026-01-01")).toBe("Before 2026-01-01 00:00:00");
  expect(label("2026-01-01", "2026-02-01")).toBe("2026-01-01 00:00:00 – 2026-02-01 00:00:00");
  expect(label("-2d", "-1d")).toBe("2026-03-30 12:00:00 – 2026-03-31 12:00:00");
});

test("what is no distance has no label", () => {
  expect(["-1h", "-2w", "2026-01-01", "-3x", ""].map(distanceLabel)).toEqual([
    "Last hour",
    "Last 2 weeks",
    undefined,
    undefined,
    undefined,
  ]);
});
