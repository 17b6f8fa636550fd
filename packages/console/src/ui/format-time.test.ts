import { expect, test } from "vitest";
import { formatTime, zoneOffset } from "./format-time.ts";

test.each(["UTC", "Europe/Berlin"])("what is no time is said to be none, in %s", (zone) => {
  // As changed bytes may have it: the page has to go on, and say that they are not proven.
  expect(formatTime(NaN, zone)).toBe("no time");
  expect(zoneOffset(NaN, zone)).toBe("UTC");
});

test("says the offset at the time", () => {
  expect(zoneOffset(Date.UTC(2026, 6, 1), "Europe/Berlin")).toBe("UTC+02:00");
  expect(zoneOffset(Date.UTC(2026, 0, 1), "Europe/Berlin")).toBe("UTC+01:00");
});
