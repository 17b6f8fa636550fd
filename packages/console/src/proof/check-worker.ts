import { MalformedError, type Hash } from "@stele/proof";
import { isUnreadable, type FromWorker, type ToWorker } from "./check-messages.ts";
import { checkProof } from "./check-proof.ts";

// Checks one proof beside the page: the first signature takes some 40 ms, and a log may have a thousand statements about its
// keys. What needs the node or what this browser remembers is asked of the page.

let resolveConsistency: ((hashes: readonly Hash[]) => void) | undefined;
let rejectConsistency: ((error: MalformedError) => void) | undefined;

function say(message: FromWorker): void {
  self.postMessage(message);
}

function askConsistency(from: number, to: number): Promise<readonly Hash[]> {
  say({ kind: "ask", from, to });
  return new Promise((resolve, reject) => {
    resolveConsistency = resolve;
    rejectConsistency = reject;
  });
}

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "consistency") {
    const { answer } = data;
    if (isUnreadable(answer)) rejectConsistency?.(new MalformedError(answer.code, answer.unreadable));
    else resolveConsistency?.(answer);
    return;
  }
  checkProof({ ...data.question, askConsistency }).then(
    (report) => say({ kind: "report", report }),
    (error: unknown) => say({ kind: "broken", message: String(error) }),
  );
});
