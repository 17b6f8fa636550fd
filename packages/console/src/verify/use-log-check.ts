import { useCallback, useEffect, useRef, useState } from "react";
import { currentSession } from "../app/session.ts";
import { TrustStore } from "../proof/trust-store.ts";
import type { CheckedLog, LogCheckProgress } from "./log-check.ts";
import { failureOf, type LogCheckFailure } from "./log-check-failure.ts";
import type { LogCheckMessage, LogCheckOrder } from "./log-check-worker.ts";

export type LogCheckState =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly progress: LogCheckProgress | undefined }
  | { readonly kind: "checked"; readonly checked: CheckedLog; readonly notKept: string | undefined }
  | { readonly kind: "failed"; readonly failure: LogCheckFailure };

/** Checks a whole log in a worker. What it found is remembered as the proofs of single events are. */
export function useLogCheck(log: string): {
  readonly state: LogCheckState;
  readonly start: () => void;
  readonly stop: () => void;
} {
  const [state, setState] = useState<LogCheckState>({ kind: "idle" });
  const worker = useRef<Worker>(undefined);
  const stop = useCallback(() => {
    worker.current?.terminate();
    worker.current = undefined;
    setState({ kind: "idle" });
  }, []);
  // Another log, or another page.
  useEffect(() => stop, [log, stop]);

  const start = useCallback(() => {
    stop();
    const store = new TrustStore(localStorage);
    let order: LogCheckOrder;
    try {
      order = { log, token: currentSession().token, trust: store.read(log) };
    } catch (error) {
      setState({ kind: "failed", failure: failureOf(error) });
      return;
    }
    setState({ kind: "running", progress: undefined });
    const made = new Worker(new URL("log-check-worker.ts", import.meta.url), { type: "module" });
    worker.current = made;
    made.addEventListener("message", ({ data }: MessageEvent<LogCheckMessage>) => {
      if (worker.current !== made) return;
      if (data.kind === "progress") return setState({ kind: "running", progress: data.progress });
      made.terminate();
      if (data.kind === "failed") return setState(data);
      setState({ kind: "checked", checked: data.checked, notKept: keep(store, order, data.checked) });
    });
    made.addEventListener("error", ({ message }) =>
      setState({
        kind: "failed",
        failure: failureOf(new Error(message || "The worker failed")),
      }),
    );
    made.postMessage(order);
  }, [log, stop]);
  return { state, start, stop };
}

/** Why it can't be remembered, if it can't: the check holds all the same. */
function keep(
  store: TrustStore,
  { log, trust }: LogCheckOrder,
  { vkeys, note }: CheckedLog,
): string | undefined {
  try {
    store.remember(log, trust, vkeys, note, Date.now());
    return undefined;
  } catch (error) {
    return failureOf(error).message;
  }
}
