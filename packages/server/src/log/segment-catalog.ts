import { VerificationError } from "@stele/proof";
import { elapsedMs, moment, type Clock, type Moment } from "./clock.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { logKeys } from "../store/store.ts";

/** The seal record of one segment as it is stored: a signed note. */
export interface SealRecord {
  /** Leaf indexes `[start, end)`. */
  readonly start: number;
  readonly end: number;
  readonly note: Buffer;
}

/** How long a node that claimed to seal may take before another one begins as well. */
const CLAIM_MS = 60_000;

/**
 * Which segments a log has, agreed on by all of its nodes: a chain of seal records, each created once at the entry where
 * the one before ended (docs/design/0008-many-nodes.md).
 */
export class SegmentCatalog {
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #sealEnd: (record: Buffer, start: number) => Promise<number>;
  /** The newest claim of somebody else, and since when it is known. */
  #foreign: { key: string; since: Moment } | undefined;

  constructor(options: {
    readonly objects: ObjectStore;
    readonly clock: Clock;
    /** Reads where a record's entries end, and verifies it. */
    readonly sealEnd: (record: Buffer, start: number) => Promise<number>;
    readonly random?: () => number;
  }) {
    this.#objects = options.objects;
    this.#clock = options.clock;
    this.#sealEnd = options.sealEnd;
    this.#random = options.random ?? Math.random;
  }

  /** The record that begins at `start`, if somebody has sealed from there. @throws VerificationError, UnavailableError */
  async read(start: number): Promise<SealRecord | undefined> {
    const key = logKeys.segment(start);
    const note = await this.#objects.get(key);
    if (!note) return undefined;
    const end = await this.#sealEnd(note, start);
    if (end > start) return { start, end, note };
    throw new VerificationError(
      "segment_record_corrupt",
      `The seal record ${this.#objects.place}/${key} ends at ${end}: it is not of entries from ${start} on`,
      { start, end },
    );
  }

  /**
   * Whether this node is to seal from `start` on now. The claim of another node holds for a minute, by our clock. Claims
   * save work; they decide nothing.
   */
  async claim(start: number, text: string): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      const key = logKeys.claim(start, attempt);
      if ((await this.#objects.create(key, [Buffer.from(text)])) === "created") return true;
      if (this.#foreign === undefined || key > this.#foreign.key) {
        this.#foreign = { key, since: moment(this.#clock) };
      }
      const patienceMs = CLAIM_MS * (1 + this.#random() / 4);
      if (key === this.#foreign.key && elapsedMs(this.#clock, this.#foreign.since) < patienceMs) return false;
    }
  }

  /** Makes the record. Exactly one node is told "created"; only then do its entries count as sealed there. */
  async record({ start, note }: SealRecord): Promise<"created" | "lost"> {
    const key = logKeys.segment(start);
    const outcome = await this.#objects.create(key, [note]);
    if (outcome === "created") return "created";
    const winner = await this.#objects.get(key);
    return winner?.equals(note) ? "created" : "lost";
  }

  /** Forgets the claims to seal from `start` on: it is done. */
  async dropClaims(start: number): Promise<void> {
    const keys: string[] = [];
    for await (const { key } of this.#objects.list(logKeys.claim(start, 0).slice(0, -1))) keys.push(key);
    await this.#objects.delete(keys);
  }
}
