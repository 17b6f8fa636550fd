import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Whether whoever asked still waits for the answer. It goes with the call and not by its parameters: between a route and the
 * database are many hands, none of which has a use for it. What others wait for, too, must be {@link forAll}.
 */
const asking = new AsyncLocalStorage<AbortSignal | undefined>();

/** Does the work for somebody who, once the signal is given, does not want its result any more. */
export async function forAsker<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return await asking.run(signal, work);
}

/** Does the work to its end, whoever asked for it. */
export async function forAll<T>(work: () => Promise<T>): Promise<T> {
  return await asking.run(undefined, work);
}

/** Undefined: the work is not for one asker alone. */
export function askerSignal(): AbortSignal | undefined {
  return asking.getStore();
}
