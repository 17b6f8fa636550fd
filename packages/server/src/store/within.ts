import { UnavailableError } from "@stele/proof";

/**
 * What a call to a store resolves to, if it does so in time. Nothing is undone: it may go on in the background.
 *
 * @throws UnavailableError `store_unavailable`
 */
export async function within<T>(call: Promise<T>, timeoutMs: number, place: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new UnavailableError("store_unavailable", `${place} did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
