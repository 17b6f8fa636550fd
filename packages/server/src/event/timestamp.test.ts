import { describe, expect, test } from "vitest";
import { normaliseTimestamp, TIMESTAMP_LENGTH } from "./timestamp.ts";

function normalise(text: string): string | undefined {
  const bytes = Buffer.alloc(Math.max(text.length, TIMESTAMP_LENGTH) + 4, "#");
  bytes.write(text, 2);
  const fault = normaliseTimestamp(bytes, 2, 2 + text.length);
  return fault === undefined ? bytes.toString("latin1", 2, 2 + TIMESTAMP_LENGTH) : undefined;
}

describe("a time in the form of an entry", () => {
  test.each([
    ["2026-02-28T23:59:59Z", "2026-02-28T23:59:59.000Z"],
    ["2026-02-28t23:59:59z", "2026-02-28T23:59:59.000Z"],
    ["2026-02-28T23:59:59.1Z", "2026-02-28T23:59:59.100Z"],
    ["2026-02-28T23:59:59.9999999Z", "2026-02-28T23:59:59.999Z"],
    ["2026-02-28T23:59:59.001234+00:00", "2026-02-28T23:59:59.001Z"],
    ["2026-03-01T00:30:00+01:00", "2026-02-28T23:30:00.000Z"],
    ["2026-02-28T23:30:00.5-00:45", "2026-03-01T00:15:00.500Z"],
    ["2026-02-28T00:00:00-00:00", "2026-02-28T00:00:00.000Z"],
    ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"],
    ["1969-12-31T23:30:00-00:30", "1970-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
    ["2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"],
  ])("%s", (text, normal) => {
    expect(normalise(text)).toBe(normal);
  });

  test("on every day of four years, and on no other", () => {
    for (let year = 2096; year <= 2100; year++) {
      for (let month = 0; month <= 13; month++) {
        for (let day = 0; day <= 32; day++) {
          const [mm, dd] = [month, day].map((part) => String(part).padStart(2, "0"));
          const text = `${year}-${mm}-${dd}T12:34:56.789Z`;
          const date = new Date(Date.UTC(year, month - 1, day, 12, 34, 56, 789)).toISOString();
          expect(normalise(text)).toBe(date === text ? text : undefined);
        }
      }
    }
  });
});

describe("is refused", () => {
  test.each([
    "",
    "2026-02-28",
    "2026-02-28T23:59Z",
    "2026-02-28T23:59:59",
    "2026-02-28 23:59:59Z",
    "2026-02-28T23:59:59.Z",
    "2026-02-28T23:59:59,5Z",
    "2026-02-28T23:59:59ZZ",
    "2026-02-28T23:59:59.5",
    "2026-02-28T23:59:59+0100",
    "2026-02-28T23:59:59+01",
    "2026-02-28T23:59:59+24:00",
    "2026-02-28T23:59:59+01:60",
    "2026-02-28T23:59:59+01:00Z",
    "2026-02-28T24:00:00Z",
    "2026-02-28T23:60:00Z",
    "2016-12-31T23:59:60Z",
    "2016-12-31T23:59:61Z",
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-1-01T00:00:00.00Z",
    "26-01-01T00:00:00.0000Z",
    "+2026-01-01T00:00:00Z",
    "12026-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00+00:01",
    "0000-01-01T00:00:00Z",
    "0070-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-00:01",
    "2026-0a-28T23:59:59Z",
    "２026-02-28T23:59Z",
  ])("%s", (text) => {
    expect(normalise(text)).toBeUndefined();
  });
});
