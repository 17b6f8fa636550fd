import { SteleError, VerificationError } from "@stele/proof";
import type { Step, StepName } from "./proof-report.ts";

/** What a step came to, or that it failed. */
export function attempt(name: StepName, step: () => Step): Step {
  try {
    return step();
  } catch (error) {
    return failure(name, error);
  }
}

/** What failed, and the values that show it. Only errors of ours: others are mistakes of this page. */
export function failure(name: StepName, error: unknown): Step {
  if (!(error instanceof SteleError)) throw error;
  const { expected, actual } = error instanceof VerificationError ? error.evidence : {};
  return {
    name,
    state: "failed",
    code: error.code,
    text: error.message,
    ...(typeof expected === "string" && { expected }),
    ...(typeof actual === "string" && { actual }),
  };
}

export function skipped(name: StepName): Step {
  return { name, state: "skipped", text: "Not checked: what it needs is missing." };
}
