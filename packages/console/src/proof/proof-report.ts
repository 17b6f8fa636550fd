import type { Checkpoint, VerifierKey } from "@stele/proof";
import type { ProofPath } from "./proof-path.ts";

/** What is checked, in this order. Each step is tried whatever became of those before it, if it can be. */
export const STEP_NAMES = [
  "entry",
  "leaf",
  "path",
  "root",
  "signature",
  "cosignatures",
  "consistency",
] as const;

export type StepName = (typeof STEP_NAMES)[number];

export interface Step {
  readonly name: StepName;
  /** `remark`: nothing is wrong, and somebody should know. `skipped`: there was nothing to check, or nothing to check it with. */
  readonly state: "passed" | "remark" | "failed" | "skipped";
  /** What was computed and found, in a sentence or two. May hold text of strangers. */
  readonly text: string;
  /** Of a failure: the error's. */
  readonly code?: string;
  /** Of a failure that two values show. */
  readonly expected?: string;
  readonly actual?: string;
}

/** From where the key of the log is known: the first proves more than the last. */
export type KeySource = "pinned" | "remembered" | "first-use";

/** A signature of the checkpoint that is not the log's. */
export interface Cosigner {
  readonly name: string;
  /** Eight hex digits. */
  readonly keyId: string;
  readonly state: "valid" | "invalid" | "unknown";
  /** By the clock of the witness; of a valid one only. */
  readonly timestampSeconds?: number;
}

/** Two checkpoints of one log that don't go together, for others to see. */
export interface Conflict {
  /** The signed note that this browser verified before. */
  readonly seen: string;
  /** The one that the node shows now. */
  readonly shown: string;
}

export interface ProofReport {
  /** `first-use`: all is right, by a key that the node itself named just now. */
  readonly verdict: "proven" | "first-use" | "failed";
  /** One for each of STEP_NAMES. */
  readonly steps: readonly Step[];
  readonly path?: ProofPath;
  /** What the note says, verified or not. */
  readonly checkpoint?: Checkpoint;
  /** Who signed it, if it is verified. */
  readonly signer?: VerifierKey;
  readonly keySource: KeySource;
  readonly cosigners: readonly Cosigner[];
  readonly conflict?: Conflict;
  /** The keys of the log that follow from what was trusted. */
  readonly vkeys: readonly string[];
}

/** The step at which a proof failed; undefined unless it did. */
export function failedStep({ steps }: Pick<ProofReport, "steps">): Step | undefined {
  return steps.find(({ state }) => state === "failed");
}
