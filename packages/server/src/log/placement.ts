import type { EntryBatch } from "../event/entry-batch.ts";
import { IdTable, type IdWindow } from "./id-window.ts";
import { nativeHasher } from "./native-hasher.ts";

const HASH_LENGTH_BYTES = 32;
/** An entry begins `{"v":1,"id":"`. */
export const ID_OFFSET = 13;
export const QUOTE = 0x22;

/** Reads the exact bytes of committed entries `[from, to)`. */
export type ReadEntries = (from: number, to: number) => Promise<Uint8Array[]>;

/** Where each event of a commit goes: a new leaf, or the leaf that its id has already. */
export interface Placement {
  /** The leaf index of each event, batch after batch. */
  readonly indexes: Float64Array;
  /** The leaf hash of each event that is a duplicate, by the event's number in the commit. */
  readonly duplicates: ReadonlyMap<number, Uint8Array>;
  /** What is new: entry lines and leaf hashes in order, as views of the batches. */
  readonly lines: Uint8Array[];
  readonly leafHashes: Uint8Array[];
  readonly newCount: number;
}

/**
 * Gives each event of `batches` its leaf index from `start` on. An event whose id is in the window, or earlier in
 * the same commit, is a duplicate: it gets the index of the first and adds nothing. Hash matches are only
 * suspicions; ids decide.
 */
export async function placeEvents(
  batches: readonly EntryBatch[],
  start: number,
  window: IdWindow,
  readEntries: ReadEntries,
): Promise<Placement> {
  const committed = await findCommitted(batches, window, readEntries);
  const total = batches.reduce((sum, batch) => sum + batch.count, 0);
  const indexes = new Float64Array(total);
  const duplicates = new Map<number, Uint8Array>();
  const seen = new IdTable(0, total);
  const lines: Uint8Array[] = [];
  const leafHashes: Uint8Array[] = [];
  const found: number[] = [];
  let next = start;
  let number = 0;
  for (const batch of batches) {
    const first = number;
    let keptFrom = 0;
    for (let i = 0; i < batch.count; i++, number++) {
      const high = batch.idHashes[2 * i]!;
      const low = batch.idHashes[2 * i + 1]!;
      let earlier = committed.get(number);
      if (!earlier) {
        found.length = 0;
        seen.find(high, low, found);
        const same = found.find((other) => sameId(eventAt(batches, other), { batch, i }));
        if (same !== undefined) {
          earlier = { index: indexes[same]!, leafHash: duplicates.get(same) ?? leafHashAt(batches, same) };
        }
      }
      seen.add(high, low, number);
      if (earlier) {
        indexes[number] = earlier.index;
        duplicates.set(number, earlier.leafHash);
        keep(batch, keptFrom, i);
        keptFrom = i + 1;
      } else {
        indexes[number] = next++;
      }
    }
    keep(batch, keptFrom, number - first);
  }
  return { indexes, duplicates, lines, leafHashes, newCount: next - start };

  function keep(batch: EntryBatch, from: number, to: number): void {
    if (from === to) return;
    lines.push(batch.bytes.subarray(from === 0 ? 0 : batch.ends[from - 1]!, batch.ends[to - 1]));
    leafHashes.push(batch.leafHashes.subarray(from * HASH_LENGTH_BYTES, to * HASH_LENGTH_BYTES));
  }
}

interface Earlier {
  readonly index: number;
  readonly leafHash: Uint8Array;
}

/** The events whose ids committed entries have, by the event's number in the commit. */
async function findCommitted(
  batches: readonly EntryBatch[],
  window: IdWindow,
  readEntries: ReadEntries,
): Promise<Map<number, Earlier>> {
  const suspects: { number: number; index: number }[] = [];
  const found: number[] = [];
  let number = 0;
  for (const batch of batches) {
    for (let i = 0; i < batch.count; i++, number++) {
      found.length = 0;
      window.find(batch.idHashes[2 * i]!, batch.idHashes[2 * i + 1]!, found);
      for (const index of found) suspects.push({ number, index });
    }
  }
  const duplicates = new Map<number, Earlier>();
  for (let at = 0; at < suspects.length;) {
    let run = at + 1;
    while (run < suspects.length && suspects[run]!.index === suspects[run - 1]!.index + 1) run++;
    const entries = await readEntries(suspects[at]!.index, suspects[run - 1]!.index + 1);
    for (const [k, entry] of entries.entries()) {
      const suspect = suspects[at + k]!;
      if (!hasId(entry, eventAt(batches, suspect.number))) continue;
      duplicates.set(suspect.number, { index: suspect.index, leafHash: nativeHasher.leaf(entry) });
    }
    at = run;
  }
  return duplicates;
}

interface EventPlace {
  readonly batch: EntryBatch;
  readonly i: number;
}

function eventAt(batches: readonly EntryBatch[], number: number): EventPlace {
  let i = number;
  for (const batch of batches) {
    if (i < batch.count) return { batch, i };
    i -= batch.count;
  }
  throw new RangeError(`There is no event ${number}`);
}

function leafHashAt(batches: readonly EntryBatch[], number: number): Uint8Array {
  const { batch, i } = eventAt(batches, number);
  return batch.leafHashes.subarray(i * HASH_LENGTH_BYTES, (i + 1) * HASH_LENGTH_BYTES);
}

/** The id's bytes, which are plain ASCII. */
function idBytes({ batch, i }: EventPlace): Uint8Array {
  const begin = batch.idStarts[i]!;
  return batch.bytes.subarray(begin, begin + batch.idLengths[i]!);
}

function sameId(a: EventPlace, b: EventPlace): boolean {
  return Buffer.compare(idBytes(a), idBytes(b)) === 0;
}

function hasId(entry: Uint8Array, event: EventPlace): boolean {
  const id = idBytes(event);
  const stored = entry.subarray(ID_OFFSET, ID_OFFSET + id.length);
  return Buffer.compare(stored, id) === 0 && entry[ID_OFFSET + id.length] === QUOTE;
}
