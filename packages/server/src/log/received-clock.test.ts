import { expect, it } from "vitest";
import { ReceivedClock } from "./received-clock.ts";

it("never goes back, and goes on when the system's clock has caught up", () => {
  const times = [1000, 5000, 2000, 4999, 5001, 0];
  let i = 0;
  const clock = new ReceivedClock(() => times[i++]!);
  const stamps = times.map(() => Date.parse(clock.stamp()));
  expect(stamps).toEqual([1000, 5000, 5000, 5000, 5001, 5001]);
});

it("is not before what was stamped in an earlier life", () => {
  const clock = new ReceivedClock(() => 1000);
  clock.advanceTo(9000);
  clock.advanceTo(3000);
  expect(clock.stamp()).toBe("1970-01-01T00:00:09.000Z");
});
