import { expect, test } from "vitest";
import { axisTimes } from "./axis-time.ts";

const at = (text: string) => Date.parse(text);

test("the date stands where it changes", () => {
  const marks = [at("2026-01-01T22:00:00Z"), at("2026-01-01T23:00:00Z"), at("2026-01-02T00:00:00Z")];
  expect(axisTimes(marks, 3_600_000, "UTC")).toEqual(["22:00\n2026-01-01", "23:00", "00:00\n2026-01-02"]);
  expect(axisTimes(marks.slice(1), 3_600_000, "Europe/Berlin")).toEqual(["00:00\n2026-01-02", "01:00"]);
});

test("days are dates, and short steps have seconds", () => {
  const ms = at("2026-01-01T22:00:05.250Z");
  expect(axisTimes([ms], 86_400_000, "UTC")).toEqual(["2026-01-01"]);
  expect(axisTimes([ms], 5_000, "UTC")).toEqual(["22:00:05\n2026-01-01"]);
  expect(axisTimes([ms], 10, "UTC")).toEqual(["22:00:05.250\n2026-01-01"]);
});
