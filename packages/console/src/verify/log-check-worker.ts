import { makeClient } from "../api/make-client.ts";
import type { LogTrust } from "../proof/trust-store.ts";
import { failureOf, type LogCheckFailure } from "./log-check-failure.ts";
import { checkLog, type CheckedLog, type LogCheckProgress } from "./log-check.ts";

/** What the worker is started with, once. */
export interface LogCheckOrder {
  readonly log: string;
  readonly token: string | undefined;
  readonly trust: LogTrust;
}

export type LogCheckMessage =
  | { readonly kind: "progress"; readonly progress: LogCheckProgress }
  | { readonly kind: "checked"; readonly checked: CheckedLog }
  | { readonly kind: "failed"; readonly failure: LogCheckFailure };

/** Hashing in a worker, so that the page goes on. */
self.addEventListener("message", ({ data }: MessageEvent<LogCheckOrder>) => void run(data));

async function run({ log, token, trust }: LogCheckOrder): Promise<void> {
  try {
    const checked = await checkLog(makeClient(log, token), trust, (progress) =>
      tell({ kind: "progress", progress }),
    );
    tell({ kind: "checked", checked });
  } catch (error) {
    tell({ kind: "failed", failure: failureOf(error) });
  }
}

function tell(message: LogCheckMessage): void {
  self.postMessage(message);
}
