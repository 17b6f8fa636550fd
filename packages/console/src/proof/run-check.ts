import { InvariantError, UnavailableError, type Hash } from "@stele/proof";
import type { FromWorker, ToWorker, Unreadable } from "./check-messages.ts";
import type { ProofQuestion } from "./check-proof.ts";
import type { ProofReport } from "./proof-report.ts";

/**
 * `checkProof` in a worker of its own, so that the page goes on meanwhile.
 *
 * @param ask as of the question; what it throws ends the check
 * @throws UnavailableError `unreachable` if the worker could not be loaded; what `ask` throws; the reason of `signal`
 * @throws InvariantError `check_broken` for a mistake of this page
 */
export async function runCheck(
  question: Omit<ProofQuestion, "askConsistency">,
  ask: (from: number, to: number) => Promise<readonly Hash[] | Unreadable>,
  signal: AbortSignal,
): Promise<ProofReport> {
  signal.throwIfAborted();
  const worker = new Worker(new URL("check-worker.ts", import.meta.url), { type: "module" });
  const tell = (message: ToWorker) => worker.postMessage(message);
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      worker.addEventListener("error", () =>
        reject(
          new UnavailableError("unreachable", "The part of this page that checks proofs can't be loaded"),
        ),
      );
      worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
        if (data.kind === "report") resolve(data.report);
        else if (data.kind === "broken") reject(new InvariantError("check_broken", data.message));
        else ask(data.from, data.to).then((answer) => tell({ kind: "consistency", answer }), reject);
      });
      tell({ kind: "check", question });
    });
  } finally {
    worker.terminate();
  }
}
