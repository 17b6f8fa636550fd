import { expect, it } from "vitest";
import { measureContention } from "./contention.ts";

it("three busy nodes get nearly as much through as one, and none starves", { timeout: 120_000 }, async () => {
  const one = await measureContention(1);
  const three = await measureContention(3);
  const four = await measureContention(4);
  for (const { fairness, refused, commitsPerSecond } of [three, four]) {
    expect(fairness).toBeGreaterThan(0.5);
    expect(refused.every((count) => count === 0)).toBe(true);
    expect(commitsPerSecond).toBeGreaterThan(0.8 * one.commitsPerSecond);
  }
});
