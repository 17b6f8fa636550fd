import type { StepName } from "./proof-report.ts";

export const STEP_TITLES: Readonly<Record<StepName, string>> = {
  entry: "The entry",
  leaf: "Its leaf hash",
  path: "The path to the root",
  root: "The root of the checkpoint",
  signature: "The log's signature",
  cosignatures: "The witnesses' cosignatures",
  consistency: "The checkpoint seen before",
};
