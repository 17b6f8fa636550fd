/* A witness in a process of its own, for tests that kill it. Argument: StartWitnessOptions as JSON. */
import { startWitness, type StartWitnessOptions } from "../../packages/server/src/witness/index.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as StartWitnessOptions;
const running = await startWitness({ ...options, port: 0, onFault: (error) => console.error(error) });
console.log(running.url);
