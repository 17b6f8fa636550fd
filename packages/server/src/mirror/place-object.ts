import { createHash } from "node:crypto";
import { UnavailableError } from "@stele/proof";
import { fencedError, parseFence } from "../store/fence.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** An object of a mirror differs from the primary's. Both are kept; somebody must look. */
export interface Conflict {
  readonly key: string;
  /** Where the primary's bytes were put, on the mirror. */
  readonly keptAs: string;
  /** Of the primary's bytes, in hexadecimal. */
  readonly sha256: string;
}

export type Placed = { readonly outcome: "copied" | "same" } | ({ readonly outcome: "conflict" } & Conflict);

const ATTEMPTS = 3;

/**
 * Brings an object of the primary to a mirror, unless it is there. Nothing is ever overwritten: where the mirror has other
 * bytes, the primary's are put beside them, under `conflicts/<key>-<16 hex digits of their SHA-256>`.
 *
 * @param present what the mirror was found to have under the key, if somebody looked
 * @throws what the mirror throws; UnavailableError `log_fenced` if the mirror was fenced
 */
export async function placeObject(
  objects: ObjectStore,
  key: string,
  bytes: Buffer,
  present?: Buffer,
): Promise<Placed> {
  if (present) return await compared(objects, key, bytes, present);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if ((await objects.create(key, [bytes])) === "created") return { outcome: "copied" };
    const found = await objects.get(key);
    if (found) return await compared(objects, key, bytes, found);
  }
  throw new UnavailableError("store_unavailable", `${objects.place}/${key} comes and goes`);
}

async function compared(objects: ObjectStore, key: string, bytes: Buffer, found: Buffer): Promise<Placed> {
  if (found.equals(bytes)) return { outcome: "same" };
  const fence = parseFence(found);
  if (fence) throw fencedError(fence, objects.place);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const keptAs = `conflicts/${key}-${sha256.slice(0, 16)}`;
  await objects.create(keptAs, [bytes]); // "exists": from when it was noticed before
  return { outcome: "conflict", key, keptAs, sha256 };
}
