const HASH_LENGTH_BYTES = 32;

export interface Acknowledgement {
  readonly index: number;
  /** In base64. */
  readonly leafHash: string;
}

/**
 * What one load sent and what it was told, kept apart from everything that Stele knows. Events are numbered from 0 on,
 * and their ids say so. Bounded: some 50 bytes an event, for as many as it was made for.
 */
export class Ledger {
  readonly #prefix: string;
  readonly #indexes: Float64Array;
  readonly #hashes: Uint8Array;
  readonly #acknowledgedAt: Float64Array;
  #sent = 0;
  #acknowledged = 0;

  /** @param run no other load on the same log has this one */
  constructor(run: string, eventsMax: number) {
    this.#prefix = `${run}-`;
    this.#indexes = new Float64Array(eventsMax).fill(-1);
    this.#hashes = new Uint8Array(eventsMax * HASH_LENGTH_BYTES);
    this.#acknowledgedAt = new Float64Array(eventsMax);
  }

  get sent(): number {
    return this.#sent;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The numbers of the next `count` events, which count as sent from now on. */
  send(count: number): number[] {
    if (this.#sent + count > this.#indexes.length) throw new Error("The ledger was made for fewer events");
    const numbers = Array.from({ length: count }, (_, i) => this.#sent + i);
    this.#sent += count;
    return numbers;
  }

  idOf(number: number): string {
    return this.#prefix + number;
  }

  /** Undefined if the event is none of ours. */
  numberOf(id: string): number | undefined {
    const number = id.startsWith(this.#prefix) ? Number(id.slice(this.#prefix.length)) : NaN;
    return Number.isSafeInteger(number) && number >= 0 && number < this.#sent ? number : undefined;
  }

  /** @param atMs on a monotonic clock */
  acknowledge(number: number, { index, leafHash }: Acknowledgement, atMs: number): void {
    const known = this.acknowledgementOf(number);
    if (known) {
      throw new Error(`${this.idOf(number)} was acknowledged at ${known.index}, and again at ${index}`);
    }
    const hash = Buffer.from(leafHash, "base64");
    if (hash.length !== HASH_LENGTH_BYTES || !Number.isSafeInteger(index)) {
      throw new Error(`${this.idOf(number)} was acknowledged with index ${index} and hash ${leafHash}`);
    }
    this.#indexes[number] = index;
    this.#hashes.set(hash, number * HASH_LENGTH_BYTES);
    this.#acknowledgedAt[number] = atMs;
    this.#acknowledged++;
  }

  acknowledgementOf(number: number): (Acknowledgement & { readonly atMs: number }) | undefined {
    const index = this.#indexes[number]!;
    if (index < 0) return undefined;
    const hash = this.#hashes.subarray(number * HASH_LENGTH_BYTES, (number + 1) * HASH_LENGTH_BYTES);
    return { index, leafHash: Buffer.from(hash).toString("base64"), atMs: this.#acknowledgedAt[number]! };
  }
}
