import { describe, expect, it } from "vitest";
import type { Fate } from "./faults.ts";
import { runWithOneFault, type Step } from "./one-fault.ts";

const FATES: readonly Fate[] = ["lost", "answer_lost", "crash_before", "crash_after"];
const STEPS: readonly Step[] = ["commit", "seal", "open"];

describe.each(STEPS)("a fault at each call of one %s", (step) => {
  it.each(FATES)("%s", { timeout: 120_000 }, async (fate) => {
    // Far behind the last call, the fault strikes nothing: that is how many calls there are to strike.
    const { calls, entries, segments } = await runWithOneFault(step, Infinity, fate);
    expect(calls).toBeGreaterThan(step === "commit" ? 1 : 4);
    expect(segments).toBe(step === "commit" ? 0 : 1);
    for (let at = 0; at < calls; at++) {
      const result = await runWithOneFault(step, at, fate);
      expect(result.entries).toBe(entries);
      expect(result.segments).toBe(segments);
    }
  });
});
