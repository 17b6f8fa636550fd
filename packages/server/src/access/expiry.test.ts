import { expect, it } from "vitest";
import { parseExpiry } from "./expiry.ts";

const nowMs = Date.parse("2026-01-31T12:00:00Z");

it.each([
  ["90m", "2026-01-31T13:30:00.000Z"],
  ["8h", "2026-01-31T20:00:00.000Z"],
  ["90d", "2026-05-01T12:00:00.000Z"],
  ["4w", "2026-02-28T12:00:00.000Z"],
  ["2027-01-01", "2027-01-01T00:00:00.000Z"],
  ["2026-01-31T14:00:00+01:00", "2026-01-31T13:00:00.000Z"],
])("reads %s", (text, expected) => {
  expect(parseExpiry(text, nowMs)?.toISOString()).toBe(expected);
});

it.each([
  "",
  "90",
  "0d",
  "-1d",
  "1y",
  "999999w",
  "1.5d",
  "2026-01-31",
  "2026-01-31T12:00:00Z",
  "2026-02-30",
  "tomorrow",
])("refuses %j", (text) => expect(parseExpiry(text, nowMs)).toBeUndefined());
