/** How many entries a generation covers, and how many whole generations before the present one are remembered. */
export const GENERATION_ENTRIES = 262_144;
export const GENERATIONS_KEPT = 3;

/**
 * Which ids the last entries had: a filter by 64-bit hashes, whose hits the caller compares with the entries.
 * It covers the generation that is being written and the {@link GENERATIONS_KEPT} before it: at least 786,432
 * entries, in at most 26 MB.
 */
export class IdWindow {
  readonly #generations = new Map<number, IdTable>();
  #newest = 0;

  /** The first entry that the window covers when the log has `treeSize` entries. */
  static start(treeSize: number): number {
    return Math.max(0, Math.floor(treeSize / GENERATION_ENTRIES) - GENERATIONS_KEPT) * GENERATION_ENTRIES;
  }

  add(high: number, low: number, index: number): void {
    const generation = Math.floor(index / GENERATION_ENTRIES);
    let table = this.#generations.get(generation);
    if (!table) {
      this.#newest = Math.max(this.#newest, generation);
      if (generation < this.#newest - GENERATIONS_KEPT) return;
      table = new IdTable(generation * GENERATION_ENTRIES, GENERATION_ENTRIES);
      this.#generations.set(generation, table);
      for (const old of this.#generations.keys()) {
        if (old < this.#newest - GENERATIONS_KEPT) this.#generations.delete(old);
      }
    }
    table.add(high, low, index);
  }

  /** The indexes of entries whose ids have this hash: nearly always none or the one. Appended to `found`. */
  find(high: number, low: number, found: number[]): void {
    for (const table of this.#generations.values()) table.find(high, low, found);
  }
}

/** An open-addressing hash table from 64-bit hashes to indexes at or after `start`. */
export class IdTable {
  readonly #start: number;
  readonly #mask: number;
  /** Three numbers a slot: high, low, index − start + 1 (0: free). */
  readonly #slots: Uint32Array;

  constructor(start: number, entriesMax: number) {
    this.#start = start;
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, entriesMax * 2)));
    this.#mask = slots - 1;
    this.#slots = new Uint32Array(slots * 3);
  }

  /** What is there already takes no room: ids may be read again after a failure, and a full table has no end. */
  add(high: number, low: number, index: number): void {
    const slots = this.#slots;
    const value = index - this.#start + 1;
    let slot = (low & this.#mask) * 3;
    for (; slots[slot + 2] !== 0; slot = slot + 3 === slots.length ? 0 : slot + 3) {
      if (slots[slot + 2] === value && slots[slot] === high && slots[slot + 1] === low) return;
    }
    slots[slot] = high;
    slots[slot + 1] = low;
    slots[slot + 2] = value;
  }

  find(high: number, low: number, found: number[]): void {
    const slots = this.#slots;
    for (let slot = (low & this.#mask) * 3; slots[slot + 2] !== 0;) {
      if (slots[slot] === high && slots[slot + 1] === low) found.push(this.#start + slots[slot + 2]! - 1);
      slot = slot + 3 === slots.length ? 0 : slot + 3;
    }
  }
}
