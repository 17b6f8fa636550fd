import { expect, it } from "vitest";
import { PassMeter } from "./pass-meter.ts";

it("goes on over stages, and never back", () => {
  const meter = new PassMeter();
  expect(meter.progress).toBe(0);
  meter.plan(10);
  meter.enter(4);
  meter.at(0.5, 7);
  expect([meter.progress, meter.position]).toEqual([0.2, 7]);
  // It looks a second time where something was found.
  meter.at(0.25, 3);
  expect([meter.progress, meter.position]).toEqual([0.2, 3]);
  meter.enter(6);
  expect(meter.progress).toBe(0.4);
  meter.at(2, 9);
  expect(meter.progress).toBe(1);
});

it("is at 0 in a log that has nothing", () => {
  const meter = new PassMeter();
  meter.plan(0);
  meter.enter(0);
  meter.at(1, 0);
  expect(meter.progress).toBe(0);
});
