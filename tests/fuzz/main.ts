import { parseArgs } from "node:util";
import { findSuperlinear, fuzz } from "./fuzz.ts";
import { proofParsers } from "./proof-parsers.ts";
import { serverParsers } from "./server-parsers.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string" },
    parser: { type: "string" },
  },
});

const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const server = await serverParsers();
const all = [...(await proofParsers()), ...server.parsers];
const chosen = all.filter(({ name }) => values.parser === undefined || name === values.parser);
if (chosen.length === 0) throw new Error(`There are: ${all.map(({ name }) => name).join(", ")}`);

let failures = 0;
const attempt = async (run: () => Promise<void>): Promise<void> => {
  try {
    await run();
  } catch (error) {
    failures++;
    console.error(error);
  }
};

console.log(`seed ${seed}`);
const secondsEach = Number(values.seconds) / chosen.length;
for (const parser of chosen) {
  await attempt(async () => {
    const untilMs = performance.now() + secondsEach * 1000;
    const { inputs, accepted, worstMs, worstLengthBytes } = await fuzz(parser, {
      seed,
      inputsMax: Infinity,
      untilMs,
    });
    const worst = `worst ${worstMs.toFixed(1)} ms for ${worstLengthBytes} bytes`;
    const share = `${((100 * accepted) / Math.max(1, inputs)).toFixed(1)} % valid`;
    console.log(
      `${parser.name.padEnd(22)} ${String(inputs).padStart(8)} inputs, ${share.padStart(12)}, ${worst}`,
    );
  });
  await attempt(async () => await findSuperlinear(parser, seed, Math.ceil(secondsEach * 10)));
}
server.close();
console.log(`peak of memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
process.exitCode = failures > 0 ? 1 : 0;
