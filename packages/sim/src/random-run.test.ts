import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { randomRun } from "./random-run.ts";

const SEEDS = 200;
const TIMEOUT_MS = 300_000;

/** So that each commit tries something that no other one did. */
function commitHash(): string {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" }).trim();
  } catch (error) {
    console.warn(`There is no commit to take a seed from, so "no commit" is the seed: ${String(error)}`);
    return "no commit";
  }
}

describe("many nodes on one log, simulated", () => {
  it(
    "has the same trace with the same seed, and another one with another",
    { timeout: TIMEOUT_MS },
    async () => {
      const lines: string[] = [];
      const first = await randomRun({ seed: "same", show: (line) => lines.push(line) });
      const again = await randomRun({ seed: "same" });
      const other = await randomRun({ seed: "other" });
      expect(again).toEqual(first);
      expect(lines).toHaveLength(first.steps);
      expect(other.traceHash).not.toBe(first.traceHash);
    },
  );

  it(
    `loses, doubles and reorders nothing, and goes on: ${SEEDS} seeds`,
    { timeout: TIMEOUT_MS },
    async () => {
      const seeds = [commitHash(), ...Array.from({ length: SEEDS - 1 }, (_, i) => String(i))];
      const failed: string[] = [];
      let segments = 0;
      let trimmed = 0;
      let statements = 0;
      for (const seed of seeds) {
        const { violation, ...result } = await randomRun({ seed });
        if (violation) {
          failed.push(`${violation.message} (npm run sim -- --seeds 1 --trace --from ${seed})`);
        }
        segments += result.segments;
        trimmed += result.trimmedCommits;
        statements += result.statements;
      }
      expect(failed).toEqual([]);
      // The runs get as far as the steps that are to be tried.
      expect(segments).toBeGreaterThan(SEEDS);
      expect(trimmed).toBeGreaterThan(SEEDS);
      expect(statements).toBeGreaterThan(SEEDS / 2);
    },
  );
});
