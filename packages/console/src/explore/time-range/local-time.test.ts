import { expect, test } from "vitest";
import { localTimeText, parseLocalTime } from "./local-time.ts";

const BERLIN = "Europe/Berlin";

function utc(text: string, zone: string): string | undefined {
  const ms = parseLocalTime(text, zone);
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

test("a time on the clocks of a zone", () => {
  expect(utc("2026-01-31T12:00:05", "UTC")).toBe("2026-01-31T12:00:05.000Z");
  expect(utc("2026-01-31T12:00:05", BERLIN)).toBe("2026-01-31T11:00:05.000Z");
  expect(utc("2026-07-31T12:00", BERLIN)).toBe("2026-07-31T10:00:00.000Z");
  expect(utc("2026-07-31T00:30:00", "Asia/Kolkata")).toBe("2026-07-30T19:00:00.000Z");
});

test("where clocks are changed", () => {
  // 02:00 to 03:00 on 29 March 2026 is skipped, on 25 October it comes twice.
  expect(utc("2026-03-29T01:59:59", BERLIN)).toBe("2026-03-29T00:59:59.000Z");
  expect(utc("2026-03-29T02:30:00", BERLIN)).toBe("2026-03-29T01:30:00.000Z");
  expect(utc("2026-03-29T03:00:00", BERLIN)).toBe("2026-03-29T01:00:00.000Z");
  expect(utc("2026-10-25T02:30:00", BERLIN)).toBe("2026-10-25T00:30:00.000Z");
  expect(utc("2026-10-25T03:00:00", BERLIN)).toBe("2026-10-25T02:00:00.000Z");
});

test("there and back, every quarter of an hour around a change", () => {
  for (const zone of ["UTC", BERLIN, "America/New_York", "Asia/Kolkata"]) {
    for (let ms = Date.UTC(2026, 2, 28); ms < Date.UTC(2026, 2, 31); ms += 900_000) {
      expect(parseLocalTime(localTimeText(ms, zone), zone)).toBe(ms);
    }
  }
});

test.each(["", "yesterday", "2026-01-31", "2026-13-01T00:00", "2026-01-31T25:00"])(
  "%j is no time",
  (text) => {
    expect(parseLocalTime(text, "UTC")).toBeUndefined();
  },
);
