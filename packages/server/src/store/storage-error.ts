import { UnavailableError } from "@stele/proof";

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const RETRY_AFTER_MS = 5_000;

/** The system's code of a failed call (`ENOENT`), or an empty string. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/**
 * What a failed write means to who asked for it: `storage_full` or `storage_failed`; nothing was stored. The message
 * goes to producers, so it does not name the place: the cause does, for the operator.
 */
export function storageError(cause: unknown, path: string): UnavailableError {
  const code = errorCode(cause);
  const options = {
    cause: new Error(`Writing ${path} failed`, { cause }),
    retryAfterMs: RETRY_AFTER_MS,
  };
  return FULL.has(code)
    ? new UnavailableError(
        "storage_full",
        "The node's disk is full: nothing was stored. Send it again later",
        options,
      )
    : new UnavailableError("storage_failed", `The node's disk failed (${code}): nothing was stored`, options);
}

const DENIED = new Set(["EACCES", "EPERM", "EROFS", "EEXIST", "ENOTDIR", "EISDIR"]);

/** What a failed call means in a directory that several nodes share. The message is for operators: it names the place. */
export function directoryError(cause: unknown, place: string): UnavailableError {
  const code = errorCode(cause);
  return DENIED.has(code)
    ? new UnavailableError("store_denied", `${place} can't be used (${code}): look at its rights`, { cause })
    : new UnavailableError("store_unavailable", `${place} failed (${code})`, {
        cause,
        retryAfterMs: RETRY_AFTER_MS,
      });
}
