/** The command line is wrong in a way that Commander does not know of. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
