import { describe, expect, it } from "vitest";
import type { MetricsHistory } from "@stele/client";
import { chartData, figuresOf, newestOf } from "./history-view.ts";

const HISTORY: MetricsHistory = {
  from: "2026-01-01T00:00:00.000Z",
  stepSeconds: 10,
  series: [
    { name: "events_per_second", labels: { log: "main" }, values: [null, 5, 7, null] },
    { name: "events_per_second", labels: { log: "other" }, values: [1, 1, 1, 1] },
    { name: "mirror_lag_seconds", labels: { log: "main", mirror: "a" }, values: [0, 0, 3, 0] },
    { name: "mirror_lag_seconds", labels: { log: "main", mirror: "b" }, values: [null, null, null, null] },
  ],
};

describe("chartData", () => {
  it("has the lines of one log, with gaps where the node did not run", () => {
    const data = chartData(HISTORY, [
      { name: "events_per_second", labels: { log: "main" }, label: "events" },
    ]);
    expect(data.times).toEqual([1_767_225_600, 1_767_225_610, 1_767_225_620, 1_767_225_630]);
    expect(data.lines).toEqual([{ label: "events", values: [null, 5, 7, null] }]);
  });

  it("has a line for each value of a label", () => {
    const pick = { name: "mirror_lag_seconds", labels: { log: "main" }, labelled: "mirror" };
    expect(chartData(HISTORY, [pick]).lines.map(({ label }) => label)).toEqual(["a", "b"]);
  });

  it("is without lines for what there is not", () => {
    expect(chartData(HISTORY, [{ name: "events_per_second", labels: { log: "__proto__" } }]).lines).toEqual(
      [],
    );
    expect(chartData({ ...HISTORY, series: [] }, [{ name: "x" }])).toEqual({ times: [], lines: [] });
  });
});

describe("figuresOf", () => {
  it("leaves out what is not there", () => {
    expect(figuresOf([null, 5, 2, 7, null])).toEqual({ newest: 7, min: 2, max: 7 });
    expect(figuresOf([0])).toEqual({ newest: 0, min: 0, max: 0 });
    expect(figuresOf([null])).toEqual({ newest: undefined, min: undefined, max: undefined });
  });
});

describe("newestOf", () => {
  it("says when it was", () => {
    expect(newestOf(HISTORY, { name: "events_per_second", labels: { log: "main" } })).toEqual({
      value: 7,
      atMs: Date.parse("2026-01-01T00:00:20.000Z"),
    });
  });

  it("is nothing without a value", () => {
    expect(newestOf(undefined, { name: "events_per_second" })).toBeUndefined();
    expect(
      newestOf(HISTORY, { name: "mirror_lag_seconds", labels: { mirror: "b" }, labelled: "mirror" }),
    ).toBeUndefined();
  });
});
