/** What the client needs of the world. Passed in, so that a simulation or a test can own it. */
export interface Environment {
  readonly fetch: (input: string, init?: RequestInit) => Promise<Response>;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Fills `bytes` from a cryptographically secure source. */
  fillRandom(bytes: Uint8Array<ArrayBuffer>): void;
  /** Resolves after `ms`. @throws the signal's reason, as soon as it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The environment of Node and of browsers. */
export const webEnvironment: Environment = {
  fetch: (input, init) => globalThis.fetch(input, init),
  now: () => Date.now(),
  fillRandom: (bytes) => void crypto.getRandomValues(bytes),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const onAbort = () => {
        clearTimeout(timer);
        reject(abortReason(signal));
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      }, ms);
      signal.addEventListener("abort", onAbort, { once: true });
    }),
};

/** A number of [0, 1) from the environment's randomness. */
export function randomFraction(environment: Environment): number {
  const bytes = new Uint8Array(4);
  environment.fillRandom(bytes);
  return new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
}

function abortReason({ reason }: { readonly reason: unknown }): Error {
  return reason instanceof Error ? reason : new Error("The call was ended", { cause: reason });
}
