/**
 * The entries made from one submission. Owns all of its buffers: none is shared, so that they can be handed to
 * another thread.
 */
export interface EntryBatch {
  /** At least 1. */
  readonly count: number;
  /** The entries in the order of the submission, each followed by one LF. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `count` offsets in `bytes`: just past the LF of each entry. */
  readonly ends: Uint32Array<ArrayBuffer>;
  /** `count` times 32 bytes: SHA-256(0x00 ‖ entry). RFC 6962 section 2.1. */
  readonly leafHashes: Uint8Array<ArrayBuffer>;
  /** `count` offsets in `bytes`: where the value of each entry's `id` begins. It is plain ASCII. */
  readonly idStarts: Uint32Array<ArrayBuffer>;
  /** The length of each `id`, 1–128 bytes. */
  readonly idLengths: Uint8Array<ArrayBuffer>;
  /**
   * Two words for each entry: `hashId` of the `id`, seeded. A filter for looking up an id among very many: ids
   * that differ may share a hash, so what it finds has to be compared.
   */
  readonly idHashes: Uint32Array<ArrayBuffer>;
}

/** The buffers of a batch, for `postMessage`'s transfer list. */
export function buffersOf(batch: EntryBatch): ArrayBuffer[] {
  const { bytes, ends, leafHashes, idStarts, idLengths, idHashes } = batch;
  return [bytes, ends, leafHashes, idStarts, idLengths, idHashes].map((array) => array.buffer);
}
