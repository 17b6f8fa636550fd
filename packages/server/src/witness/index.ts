export { startWitness } from "./start-witness.ts";
export type { RunningWitness, StartWitnessOptions } from "./start-witness.ts";
export { WitnessKey } from "./witness-key.ts";
