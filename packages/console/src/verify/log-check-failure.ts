import { RefusedError } from "@stele/client";
import { MalformedError, SteleError, VerificationError } from "@stele/proof";

/** Why a check ended early, as it goes from a worker to the page: classes don't. */
export interface LogCheckFailure {
  /** The log is not what it should be; else nothing is known of it. */
  readonly isFalse: boolean;
  readonly code: string;
  readonly message: string;
}

export function failureOf(error: unknown): LogCheckFailure {
  const isMalformed = error instanceof MalformedError && !(error instanceof RefusedError);
  return {
    isFalse: (error instanceof VerificationError && error.code !== "cosignatures_too_few") || isMalformed,
    code: error instanceof SteleError ? error.code : "unexpected",
    message: error instanceof Error ? error.message : String(error),
  };
}
