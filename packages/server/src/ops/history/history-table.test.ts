import { expect, it } from "vitest";
import { HistoryTable, SERIES_MAX, type History, type HistorySeries } from "./history-table.ts";
import type { Sample, SeriesName } from "./series.ts";

/** A round number of ten minutes. */
const START = 1_800_000_000;

const of = (name: SeriesName, value: number, log = "main"): Sample => ({ name, labels: { log }, value });

/** Its values by seconds from START, without those that are null. */
function valuesOf(history: History, name: SeriesName): [number, number][] {
  const values = [...history.series].find((series) => series.name === name)?.values ?? [];
  return [...values].flatMap((value, i): [number, number][] =>
    Number.isNaN(value) ? [] : [[history.fromSeconds + i * history.stepSeconds - START, value]],
  );
}

it("averages rates, keeps the worst of what is bad when high, and the last of sizes", () => {
  const table = new HistoryTable();
  for (let at = 0; at < 120; at += 10) {
    const figures = [
      of("events_per_second", at),
      of("append_seconds_p99", 1 / (1 + at)),
      of("tree_size", at * 3),
    ];
    table.record(START + at, figures);
  }
  const day = table.read("24h", START + 119);
  expect(day.stepSeconds).toBe(60);
  expect(valuesOf(day, "events_per_second")).toEqual([
    [0, 25],
    [60, 85],
  ]);
  expect(valuesOf(day, "append_seconds_p99")).toEqual([
    [0, 1],
    [60, 0.0163934],
  ]);
  expect(valuesOf(day, "tree_size")).toEqual([
    [0, 150],
    [60, 330],
  ]);
  expect(valuesOf(table.read("30d", START + 119), "events_per_second")).toEqual([[0, 55]]);
  expect(valuesOf(table.read("1h", START + 119), "tree_size")).toHaveLength(12);
});

it.each([
  ["1h", 360, 10],
  ["6h", 2_160, 10],
  ["24h", 1_440, 60],
  ["7d", 1_008, 600],
  ["30d", 4_320, 600],
] as const)("has as many values for %s whatever happened", (range, count, step) => {
  const table = new HistoryTable();
  table.record(START, [of("tree_size", 1)]);
  const { series, stepSeconds } = table.read(range, START + 3);
  expect(stepSeconds).toBe(step);
  const [{ values }] = [...series] as [HistorySeries];
  expect(values).toHaveLength(count);
  expect(values.at(-1)).toBe(1);
});

it("has nulls where nothing was recorded, also when the ring has gone round", () => {
  const table = new HistoryTable();
  table.record(START, [of("tree_size", 1)]);
  table.record(START + 30, [of("tree_size", 2)]);
  expect(valuesOf(table.read("1h", START + 30), "tree_size")).toEqual([
    [0, 1],
    [30, 2],
  ]);
  const later = 6 * 3_600 + 20;
  table.record(START + later, [of("tree_size", 3)]);
  expect(valuesOf(table.read("6h", START + later), "tree_size")).toEqual([
    [30, 2],
    [later, 3],
  ]);
  const muchLater = 40 * 24 * 3_600;
  table.record(START + muchLater, [of("tree_size", 4)]);
  for (const range of ["6h", "24h", "30d"] as const) {
    expect(valuesOf(table.read(range, START + muchLater), "tree_size")).toEqual([[muchLater, 4]]);
  }
});

it("bears a clock that is put back", () => {
  const table = new HistoryTable();
  table.record(START + 600, [of("tree_size", 2)]);
  table.record(START, [of("tree_size", 1)]);
  expect(valuesOf(table.read("1h", START + 600), "tree_size")).toEqual([
    [0, 1],
    [600, 2],
  ]);
  const before = -40 * 24 * 3_600;
  table.record(START + before, [of("tree_size", 9)]);
  expect(valuesOf(table.read("30d", START + before), "tree_size")).toEqual([[before, 9]]);
});

it("leaves out what is no number, and what no longer fits", () => {
  const table = new HistoryTable();
  table.record(START, [of("tree_size", Infinity), of("tree_size", NaN)]);
  expect(table.series).toEqual([]);
  const many = Array.from({ length: SERIES_MAX + 10 }, (_, i) => of("tree_size", i, `log-${i}`));
  table.record(START, many);
  expect(table.series).toHaveLength(SERIES_MAX);
  // One that has had nothing for a day makes room.
  table.record(START + 24 * 3_600 + 10, [...many.slice(1, SERIES_MAX), of("tree_size", 1, "new")]);
  const logs = table.series.map(({ labels }) => labels["log"]);
  expect(logs).toHaveLength(SERIES_MAX);
  expect(logs).toContain("new");
  expect(logs).not.toContain("log-0");
});
