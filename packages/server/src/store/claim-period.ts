import type { ObjectStore } from "./object-store.ts";
import { logKeys } from "./store.ts";

/**
 * Whether this node is the one to do some work in a period: the first that asks. Forgets the period before.
 *
 * @throws UnavailableError `store_unavailable`, `store_denied`
 */
export async function claimPeriod(
  objects: Pick<ObjectStore, "create" | "delete">,
  work: string,
  period: number,
): Promise<boolean> {
  const key = (number: number): string => `${logKeys.claims}${work}-${number}`;
  if ((await objects.create(key(period), [])) === "exists") return false;
  await objects.delete([key(period - 1)]);
  return true;
}
