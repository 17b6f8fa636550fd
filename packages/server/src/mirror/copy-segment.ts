import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { ConflictError, equalBytes } from "@stele/proof";
import { corruptSegment } from "../search/segment.ts";
import type { Vault } from "../store/vault.ts";
import type { SealedRecord } from "./primary-log.ts";

/** Read at once; it bounds the memory. */
const READ_BYTES = 8 * 1024 * 1024;

/** Bytes `[from, to)` of some object. */
export type ReadRange = (from: number, to: number) => Promise<Uint8Array>;

/** An object of `lengthBytes`, piece by piece. */
export async function* readPieces(read: ReadRange, lengthBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < lengthBytes; at += READ_BYTES) {
    yield await read(at, Math.min(lengthBytes, at + READ_BYTES));
  }
}

/** SHA-256 of an object, read piece by piece. `onRead` can slow it down. */
export async function hashObject(
  read: ReadRange,
  lengthBytes: number,
  onRead: (bytes: number) => Promise<void> = () => Promise.resolve(),
): Promise<Uint8Array> {
  const hash = createHash("sha256");
  for await (const piece of readPieces(read, lengthBytes)) {
    hash.update(piece);
    await onRead(piece.length);
  }
  return hash.digest();
}

/**
 * Fetches the file of a segment to `path`. It is there only if its bytes are those that the record is of.
 *
 * @throws VerificationError `segment_corrupt` naming `place`; what `read` throws
 */
export async function fetchSegment(
  record: SealedRecord,
  read: ReadRange,
  place: string,
  path: string,
  keep: "durable" | "volatile" = "durable",
): Promise<void> {
  const { lengthBytes, digests } = record.segment;
  const hash = createHash("sha256");
  const file = await open(path, "wx");
  try {
    for await (const piece of readPieces(read, lengthBytes)) {
      hash.update(piece);
      await file.writeFile(piece);
    }
    if (keep === "durable") await file.sync();
    if (!equalBytes(hash.digest(), digests.file)) {
      throw corruptSegment(place, "its bytes are not those that were sealed");
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Where segments are fetched from and put to. */
export interface SegmentCopy {
  readonly record: SealedRecord;
  /** Of the source. */
  readonly read: ReadRange;
  /** Names the source for a person. */
  readonly place: string;
  readonly target: Vault;
  /** For the file while it is on its way. */
  readonly tempDirectory: string;
}

/**
 * Copies the file of a segment into a vault, locked for as long as its record says, if that vault locks.
 *
 * @returns whether it was there already: then its bytes are still to be compared
 * @throws VerificationError `segment_corrupt`: the source is damaged; nothing was put
 */
export async function copySegment(
  copy: SegmentCopy,
  key = copy.record.segment.key,
): Promise<"copied" | "taken"> {
  const { record, read, place, target, tempDirectory } = copy;
  if (await target.head({ key })) return "taken";
  await mkdir(tempDirectory, { recursive: true });
  const path = join(tempDirectory, `${randomBytes(8).toString("hex")}.parquet`);
  try {
    await fetchSegment(record, read, place, path);
    const { retainUntilMs } = record;
    await target.put(key, path, retainUntilMs === undefined ? {} : { retainUntilMs });
    return "copied";
  } catch (error) {
    if (error instanceof ConflictError && error.code === "vault_key_taken") return "taken";
    throw error;
  } finally {
    await rm(path, { force: true });
  }
}

/**
 * Whether a vault has the file of a segment. "same": by its hash, or with `quick` by its length alone.
 *
 * @throws what the vault throws
 */
export async function compareSegment(
  { segment }: SealedRecord,
  vault: Vault,
  options: { readonly quick?: boolean; readonly onRead?: (bytes: number) => Promise<void> } = {},
): Promise<"same" | "different" | "missing"> {
  const { key, digests, lengthBytes } = segment;
  const found = await vault.head({ key });
  if (!found) return "missing";
  if (found.lengthBytes !== lengthBytes) return "different";
  if (options.quick) return "same";
  const sha256 = await hashObject((from, to) => vault.get({ key }, from, to), lengthBytes, options.onRead);
  return equalBytes(sha256, digests.file) ? "same" : "different";
}
