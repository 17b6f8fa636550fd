import type { ProofErrorCode, SteleError } from "../errors.ts";

type ErrorClass<E extends SteleError> = abstract new (...args: never[]) => E;

/** Asserts the class and the code of what `run` throws, and returns it. */
export function expectError<E extends SteleError>(
  errorClass: ErrorClass<E>,
  code: ProofErrorCode,
  run: () => unknown,
): E {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  return expectThrown(errorClass, code, thrown);
}

/** The same for a promise. */
export async function expectRejection<E extends SteleError>(
  errorClass: ErrorClass<E>,
  code: ProofErrorCode,
  promise: Promise<unknown>,
): Promise<E> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  return expectThrown(errorClass, code, thrown);
}

function expectThrown<E extends SteleError>(errorClass: ErrorClass<E>, code: string, thrown: unknown): E {
  if (thrown instanceof errorClass && thrown.code === code) return thrown;
  throw new Error(`expected ${errorClass.name} ${code}, got ${String(thrown)}`, { cause: thrown });
}
