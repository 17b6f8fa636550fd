import { expect, it } from "vitest";
import { measureContention } from "./contention.ts";

const DRAWS = [0, 1, 2, 3, 4];

it.each([3, 4])(
  "%d busy nodes get nearly as much through as one, and as a rule none starves",
  { timeout: 240_000 },
  async (nodes) => {
    const one = await measureContention(1);
    const fairness: number[] = [];
    for (const draw of DRAWS) {
      const run = await measureContention(nodes, draw);
      expect(run.commitsPerSecond).toBeGreaterThan(0.8 * one.commitsPerSecond);
      fairness.push(run.fairness);
    }
    // Nodes don't know of each other: now and then one has bad luck for seconds.
    expect(fairness.toSorted((a, b) => a - b)[DRAWS.length >> 1]).toBeGreaterThan(0.5);
  },
);
