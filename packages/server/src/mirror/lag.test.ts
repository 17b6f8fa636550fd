import { expect, it } from "vitest";
import { Lag } from "./lag.ts";

it("tells how long ago the log had an entry, until that arrived", () => {
  let nowMs = 0;
  const lag = new Lag({ monotonicMs: () => nowMs });
  for (const [atMs, size] of [
    [0, 10],
    [1_000, 20],
    [1_050, 25],
    [2_000, 30],
  ] as const) {
    nowMs = atMs;
    lag.reached(size);
  }
  nowMs = 3_000;
  expect([0, 9, 10, 19, 24, 25, 29, 30].map((index) => lag.ageMs(index))).toEqual([
    3_000, 3_000, 2_000, 2_000, 2_000, 1_000, 1_000, 0,
  ]);
  lag.arrived(25);
  expect([24, 25, 30].map((index) => lag.ageMs(index))).toEqual([Infinity, 1_000, 0]);
});

it("takes bounded memory however long a mirror is away, and never tells too low an age", () => {
  let nowMs = 0;
  const lag = new Lag({ monotonicMs: () => nowMs });
  for (let size = 1; size <= 100_000; size++) {
    nowMs = size * 200;
    lag.reached(size);
  }
  for (const index of [0, 1, 77, 4_321, 50_000, 99_999]) {
    expect(lag.ageMs(index)).toBeGreaterThanOrEqual(nowMs - (index + 1) * 200);
  }
  expect(lag.ageMs(0)).toBe(nowMs - 200);
});
