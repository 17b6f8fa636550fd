/** The command line is wrong in a way that Commander does not know of. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Somebody pressed Ctrl-C. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}
