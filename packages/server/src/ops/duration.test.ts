import { expect, test } from "vitest";
import { formatDuration } from "./duration.ts";

test.each([
  [0, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [61_000, "1 min 1 s"],
  [3_600_000, "1 h"],
  [3_605_000, "1 h"],
  [73_512_000, "20 h 25 min"],
  [86_399_000, "23 h 59 min"],
  [10 * 86_400_000 + 3_600_000, "10 d 1 h"],
])("%i ms are %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
