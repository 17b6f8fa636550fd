import { SteleClient, type RefusedError } from "@stele/client";

const TIMEOUT_MS = 30_000;
/** Somebody waits for the answer: they are told of a failure soon, and can try again. */
const ATTEMPTS_MAX = 2;

/** A client of the node that served this page; also in a worker, which has no session. */
export function makeClient(
  log: string,
  token: string | undefined,
  onRefused?: (error: RefusedError) => void,
): SteleClient {
  return new SteleClient({
    endpoints: [location.origin],
    log,
    timeoutMs: TIMEOUT_MS,
    attemptTimeoutMs: TIMEOUT_MS,
    attemptsMax: ATTEMPTS_MAX,
    ...(token !== undefined && { token }),
    ...(onRefused && { onRefused }),
  });
}
