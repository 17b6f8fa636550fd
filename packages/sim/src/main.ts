import { parseArgs } from "node:util";
import { randomRun } from "./random-run.ts";
import { plantedBugs } from "./planted-bugs.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "0" },
    trace: { type: "boolean", default: false },
    bug: { type: "string" },
  },
});
const bug = values.bug === undefined ? undefined : plantedBugs.find(({ name }) => name === values.bug);
if (values.bug !== undefined && !bug) {
  console.error(`There is no planted bug ${values.bug}: ${plantedBugs.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
const count = Number(values.seeds);
if (!(Number.isSafeInteger(count) && count > 0)) {
  console.error(`--seeds takes a count, not ${values.seeds}`);
  process.exit(2);
}
const startedMs = performance.now();
const totals = {
  entries: 0,
  commits: 0,
  segments: 0,
  trimmedCommits: 0,
  lateCommits: 0,
  statements: 0,
  calls: 0,
  virtualSeconds: 0,
};
let failed = 0;
for (let i = 0; i < count; i++) {
  const seed = /^\d+$/.test(values.from)
    ? String(Number(values.from) + i)
    : `${values.from}${i === 0 ? "" : `+${i}`}`;
  const result = await randomRun({
    seed,
    ...(bug && { bug }),
    ...(values.trace && { show: (line: string) => process.stdout.write(line) }),
  });
  for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += result[key];
  if (!result.violation) continue;
  failed++;
  console.log(`seed ${seed} FAILED at ${result.virtualSeconds} s: ${result.violation.message}`);
}
const seconds = (performance.now() - startedMs) / 1000;
console.log(`${count} seeds, ${failed} failed, ${seconds.toFixed(1)} s; in all ${JSON.stringify(totals)}`);
process.exitCode = failed > 0 ? 1 : 0;
