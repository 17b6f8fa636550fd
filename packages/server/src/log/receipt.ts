import type { EntryBatch } from "../event/entry-batch.ts";
import type { Placement } from "./placement.ts";

const HASH_LENGTH_BYTES = 32;

/**
 * The receipts of one submission, as the bytes of a JSON array. Written as text by hand: ids and base64 need no
 * escapes, and this runs for every event.
 *
 * @param first the number of the submission's first event in its commit
 */
export function formatReceipts(batch: EntryBatch, placement: Placement, first: number): Uint8Array {
  const { bytes, leafHashes, idStarts, idLengths } = batch;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const hashes = Buffer.from(leafHashes.buffer, leafHashes.byteOffset, leafHashes.length);
  let json = "[";
  for (let i = 0; i < batch.count; i++) {
    const duplicate = placement.duplicates.get(first + i);
    const leafHash = duplicate
      ? Buffer.from(duplicate).toString("base64")
      : hashes.toString("base64", i * HASH_LENGTH_BYTES, (i + 1) * HASH_LENGTH_BYTES);
    const id = text.toString("latin1", idStarts[i], idStarts[i]! + idLengths[i]!);
    const index = placement.indexes[first + i];
    json += `${i === 0 ? "" : ","}{"index":${index},"leaf_hash":"${leafHash}","id":"${id}","duplicate":${duplicate !== undefined}}`;
  }
  return Buffer.from(`${json}]`, "latin1");
}
