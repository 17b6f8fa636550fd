import { SteleError } from "@stele/proof";

/** The witness does not cosign this. Sending the same again is useless, unless the code says otherwise. */
export class RefusedError extends SteleError {}

/** The old size of the request is not the one that the witness cosigned last. */
export class SizeConflictError extends SteleError {
  /** What the witness cosigned last; 0 if nothing. */
  readonly treeSize: number;

  constructor(origin: string, oldTreeSize: number, treeSize: number) {
    super(
      "witness_size_differs",
      `Of ${origin} this witness last cosigned size ${treeSize}, not ${oldTreeSize}`,
    );
    this.treeSize = treeSize;
  }
}

/** More requests of one log than its limit. */
export class RateLimitedError extends SteleError {
  readonly retryAfterMs: number;

  constructor(origin: string, retryAfterMs: number) {
    super("rate_limited", `The log ${origin} asks more often than its limit. Try again later`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Every code that `witness/` adds, with its meaning and its HTTP status (c2sp.org/tlog-witness, "add-checkpoint"). */
export const WITNESS_ERRORS = {
  request_malformed: [400, "Not an add-checkpoint request."],
  request_incomplete: [400, "The connection ended before the body did."],
  old_size_larger: [400, "The old size is larger than the checkpoint's."],
  checkpoint_not_trusted: [403, "No key of the log signed the checkpoint, or one did wrongly."],
  log_not_witnessed: [404, "The witness has no key for this origin."],
  never_cosigned: [404, "The witness has cosigned nothing of this log."],
  route_unknown: [404, "There is no such method and path."],
  witness_size_differs: [
    409,
    "The old size is not the size that the witness cosigned last; the body says that.",
  ],
  body_too_large: [413, "The body is over the limit."],
  checkpoint_inconsistent: [422, "The checkpoint is not proven to extend the last one, or contradicts it."],
  rate_limited: [429, "The log asks more often than its limit; Retry-After says when to try again."],
  overloaded: [503, "Too many requests are waiting."],
  storage_full: [503, "The disk is full: nothing was cosigned."],
  storage_failed: [503, "The disk failed: nothing was cosigned."],
  stopping: [503, "The witness is stopping."],
} as const satisfies Readonly<Record<string, readonly [number, string]>>;

export type WitnessErrorCode = keyof typeof WITNESS_ERRORS;
