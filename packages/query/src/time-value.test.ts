import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTime } from "./time-value.ts";

const nowMs = Date.UTC(2026, 0, 31, 12);

describe("parseTime", () => {
  test("reads RFC 3339 as Date.parse does", () => {
    const date = fc.date({
      min: new Date(Date.UTC(1971)),
      max: new Date(Date.UTC(9998)),
      noInvalidDate: true,
    });
    const offset = fc.constantFrom("Z", "+00:00", "-00:00", "+05:30", "-23:59", "+23:59");
    fc.assert(
      fc.property(date, offset, fc.integer({ min: 0, max: 24 }), (time, zone, length) => {
        const digits = time.toISOString().slice(0, -1);
        const text = (length > 20 ? digits.slice(0, length) : digits.slice(0, 19)) + zone;
        expect(parseTime(text, nowMs)).toBe(Date.parse(text));
      }),
    );
  });

  test.each([
    ["2024-02-29", Date.UTC(2024, 1, 29)],
    ["2026-01-31t12:00:00.123999z", Date.UTC(2026, 0, 31, 12, 0, 0, 123)],
    ["1970-01-01T00:00:00+01:00", 0],
    ["0001-01-01", 0],
    ["9999-12-31T23:59:59-01:00", Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
    ["-0s", nowMs],
    ["-90s", nowMs - 90_000],
    ["-2w", nowMs - 14 * 86_400_000],
    ["-999999999w", 0],
  ])("%s", (text, ms) => expect(parseTime(text, nowMs)).toBe(ms));

  test.each([
    "",
    "2026",
    "2026-01",
    "2026-1-1",
    "2023-02-29",
    "2026-00-01",
    "2026-13-01",
    "2026-04-31",
    "20260131",
    "2026-01-31T12:00:00",
    "2026-01-31 12:00:00Z",
    "2026-01-31T24:00:00Z",
    "2026-01-31T12:60:00Z",
    "2026-01-31T23:59:60Z",
    "2026-01-31T12:00Z",
    "2026-01-31T12:00:00.Z",
    "2026-01-31T12:00:00+24:00",
    "24h",
    "+24h",
    "-h",
    "-1y",
    "-1.5h",
    "now",
  ])("refuses %j", (text) => expect(parseTime(text, nowMs)).toBeUndefined());
});
