import { expect, it } from "vitest";
import { plantedBugs } from "./planted-bugs.ts";
import { randomRun } from "./random-run.ts";
import { Violation } from "./violation.ts";

const SEEDS = 200;

/** What each mistake breaks, on the first seed that shows it. */
const BROKEN: Readonly<Record<string, readonly string[]>> = {
  exists_is_foreign: ["duplicates_were_sent_twice"],
  exists_is_ours: ["one_history", "receipts_hold"],
  believes_404: ["one_history"],
  believes_created: ["one_history"],
  believes_found: ["one_history"],
  trims_at_once: ["one_history", "it_goes_on"],
  retires_unproven: ["signatures_hold"],
  overlooks_keys: ["signatures_hold"],
  trims_too_much: ["trimmed_only_what_is_sealed"],
};

it.each(plantedBugs)("the planted bug $name is found", { timeout: 300_000 }, async (bug) => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const { violation } = await randomRun({ seed: String(seed), bug });
    if (!violation) continue;
    expect(violation).toBeInstanceOf(Violation);
    expect(BROKEN[bug.name]).toContain((violation as Violation).invariant);
    return;
  }
  expect.fail(`${SEEDS} seeds did not show it`);
});
