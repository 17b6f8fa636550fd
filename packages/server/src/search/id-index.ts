import { hash } from "node:crypto";

/** Ids are located to a block of so many entries. */
export const ID_BLOCK_ENTRIES = 8192;

const FILTER_BITS_PER_ID = 10;
const FILTER_PROBES = 7;
/** Ranges serve if an id of the segment lies in no more than so many of them, on average. */
const BLOCKS_PER_ID_MAX = 3;

/**
 * Where in a segment an id may be. Either the least and greatest id of each block, enough where ids grow with time, as
 * UUIDv7 do; or that Bloom filters are kept apart ({@link blocksInFilter}), one for each block.
 */
export type IdIndex =
  | { readonly kind: "ranges"; readonly ranges: readonly (readonly [least: string, greatest: string])[] }
  | { readonly kind: "filter"; readonly rows: number; readonly blocks: number };

/** Collects the ids of a segment, in order. */
export class IdIndexBuilder {
  readonly #ids: string[] = [];

  add(id: string): void {
    this.#ids.push(id);
  }

  /** The index, and the Bloom filters if it needs them. */
  finish(): { readonly index: IdIndex; readonly filter: Uint8Array | undefined } {
    const ranges = this.#ranges();
    // One id of each block stands for all.
    const sample = ranges.map(
      (_, block) => this.#ids[Math.floor((block + 0.5) * ID_BLOCK_ENTRIES)] ?? this.#ids.at(-1)!,
    );
    const blocks = sample.reduce((sum, id) => sum + blocksInRanges(ranges, id).length, 0);
    if (blocks <= BLOCKS_PER_ID_MAX * sample.length) {
      return { index: { kind: "ranges", ranges }, filter: undefined };
    }
    const rows = Math.min(ID_BLOCK_ENTRIES, this.#ids.length) * FILTER_BITS_PER_ID;
    const index = { kind: "filter", rows, blocks: ranges.length } as const;
    return { index, filter: this.#filter(rows, ranges.length) };
  }

  #ranges(): [string, string][] {
    const ranges: [string, string][] = [];
    for (let at = 0; at < this.#ids.length; at += ID_BLOCK_ENTRIES) {
      const ids = this.#ids.slice(at, at + ID_BLOCK_ENTRIES);
      const least = ids.reduce((a, b) => (b < a ? b : a));
      ranges.push([least, ids.reduce((a, b) => (b > a ? b : a))]);
    }
    return ranges;
  }

  #filter(rows: number, blocks: number): Uint8Array {
    const rowBytes = rowLengthBytes(blocks);
    const bits = new Uint8Array(rows * rowBytes);
    for (const [i, id] of this.#ids.entries()) {
      const block = Math.floor(i / ID_BLOCK_ENTRIES);
      for (const row of rowsOf(id, rows)) bits[row * rowBytes + (block >> 3)]! |= 1 << (block & 7);
    }
    return bits;
  }
}

/** The blocks whose range includes the id, ascending. */
export function blocksInRanges(ranges: readonly (readonly [string, string])[], id: string): number[] {
  return ranges.flatMap(([least, greatest], block) => (least <= id && id <= greatest ? [block] : []));
}

/**
 * The blocks that may have the id, ascending; of the others, under 1 %. The filters are stored by bit: row `r` holds bit
 * `r` of the filter of every block.
 */
export function blocksInFilter(filter: Uint8Array, rows: number, blocks: number, id: string): number[] {
  const rowBytes = rowLengthBytes(blocks);
  const starts = rowsOf(id, rows).map((row) => row * rowBytes);
  return Array.from({ length: blocks }, (_, block) => block).filter((block) =>
    starts.every((start) => (filter[start + (block >> 3)]! & (1 << (block & 7))) !== 0),
  );
}

/** How long the filters of so many blocks are together. */
export function filterLengthBytes(rows: number, blocks: number): number {
  return rows * rowLengthBytes(blocks);
}

function rowLengthBytes(blocks: number): number {
  return Math.ceil(blocks / 8);
}

/** Double hashing over the first 64 bits of SHA-256 (Kirsch and Mitzenmacher, 2006). */
function rowsOf(id: string, rows: number): number[] {
  const digest = Buffer.from(hash("sha256", id, "hex"), "hex");
  const first = digest.readUInt32BE(0);
  const step = digest.readUInt32BE(4);
  return Array.from({ length: FILTER_PROBES }, (_, i) => (first + i * step) % rows);
}
