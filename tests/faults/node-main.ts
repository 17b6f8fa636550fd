/* A node in a process of its own, for tests that kill it. Argument: StartOptions as JSON. */
import { startNode, type StartOptions } from "../../packages/server/src/index.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as StartOptions & { clockStepMs?: number };
const { clockStepMs } = options;
let steps = 0;
const running = await startNode({
  ...options,
  port: 0,
  // A clock that jumps back and forth, by up to the given step.
  ...(clockStepMs !== undefined && {
    now: () => Date.now() + (steps++ % 2 === 0 ? clockStepMs : -clockStepMs),
  }),
  report: (log, event) => {
    if (event.kind === "failed") console.error(`${log}: ${event.what}`, event.error);
    if (event.kind === "tail_cut") console.error(`${log}: tail_cut ${event.cut.lengthBytes}`);
  },
});
console.log(running.url);
process.once("SIGTERM", () => void running.close().then(() => process.exit(0)));
