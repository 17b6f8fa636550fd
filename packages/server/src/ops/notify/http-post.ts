import { errorCode } from "../../store/storage-error.ts";
import { NotifyError } from "./notification.ts";

const TIMEOUT_MS = 10_000;
/** Not of this body: of the path, the secret, or the moment. */
const OF_THE_RECEIVER = new Set([401, 403, 404, 405, 407, 408, 410, 425, 429]);

/**
 * Posts JSON to a URL of the operator's configuration. Follows no redirect; what the receiver says is not read. Errors
 * tell neither the URL nor what the network library said.
 *
 * @throws NotifyError
 */
export async function postJson(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/json", "user-agent": "Stele", ...headers },
      body,
      signal: limited,
    });
  } catch (error) {
    throw new NotifyError("notify_failed", limited.aborted ? "no answer in time" : reasonOf(error));
  }
  await response.body?.cancel();
  const { status } = response;
  if (status >= 200 && status < 300) return;
  const isRefused = status >= 400 && status < 500 && !OF_THE_RECEIVER.has(status);
  throw new NotifyError(isRefused ? "notify_refused" : "notify_failed", `the receiver answered ${status}`);
}

function reasonOf(error: unknown): string {
  const code = errorCode(error instanceof Error && error.cause ? error.cause : error);
  return /^[A-Z_0-9]+$/.test(code) ? `no connection (${code})` : "no connection";
}
