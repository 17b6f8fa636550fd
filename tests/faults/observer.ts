import {
  noteVerifier,
  TileReader,
  verifyCheckpoint,
  type FetchPath,
  type VerifiedCheckpoint,
} from "@stele/proof";
import { nativeHasher } from "../../packages/server/src/log/native-hasher.ts";

export interface Receipt {
  readonly index: number;
  readonly id: string;
}

/**
 * Somebody who trusts nothing that the node says: keeps every receipt and every checkpoint, and holds each later
 * state of the log against all of them.
 */
export class Observer {
  readonly #vkey: string;
  readonly #receipts = new Map<string, number>();
  readonly #checkpoints = new Map<number, VerifiedCheckpoint>();
  /** The index of each id that was read from the log. */
  readonly #indexes = new Map<string, number>();
  #read = 0;

  constructor(vkey: string) {
    this.#vkey = vkey;
  }

  get acknowledged(): number {
    return this.#receipts.size;
  }

  get checkpoints(): number {
    return this.#checkpoints.size;
  }

  receive(receipts: readonly Receipt[]): void {
    for (const { id, index } of receipts) {
      const known = this.#receipts.get(id);
      if (known !== undefined && known !== index)
        throw new Error(`${id} was acknowledged at ${known} and ${index}`);
      this.#receipts.set(id, index);
    }
  }

  async seeCheckpoint(url: string): Promise<VerifiedCheckpoint> {
    const checkpoint = verifyCheckpoint(await tilesOf(url)("checkpoint"), noteVerifier(this.#vkey));
    const known = this.#checkpoints.get(checkpoint.treeSize);
    if (known && Buffer.compare(known.root, checkpoint.root) !== 0) {
      throw new Error(`Two roots were signed for size ${checkpoint.treeSize}`);
    }
    this.#checkpoints.set(checkpoint.treeSize, checkpoint);
    return checkpoint;
  }

  /** Reads what is new in the log, and compares it with all receipts. */
  async compare(url: string): Promise<void> {
    const checkpoint = await this.seeCheckpoint(url);
    const reader = new TileReader(checkpoint, tilesOf(url), { hasher: nativeHasher });
    for await (const { leafIndex, entry } of reader.readEntries(this.#read, checkpoint.treeSize)) {
      const { id } = JSON.parse(Buffer.from(entry).toString()) as { id: string };
      const known = this.#indexes.get(id);
      if (known !== undefined) throw new Error(`${id} is in the log twice: at ${known} and ${leafIndex}`);
      this.#indexes.set(id, leafIndex);
    }
    this.#read = checkpoint.treeSize;
    for (const [id, index] of this.#receipts) {
      if (this.#indexes.get(id) !== index) {
        throw new Error(`${id} was acknowledged at ${index}, and is at ${this.#indexes.get(id)}`);
      }
    }
  }

  /** Every checkpoint that was ever served must be of a beginning of the present log. */
  async compareCheckpoints(url: string): Promise<void> {
    const present = await this.seeCheckpoint(url);
    const reader = new TileReader(present, tilesOf(url), { hasher: nativeHasher });
    for (const checkpoint of this.#checkpoints.values()) await reader.proveConsistency(checkpoint);
  }
}

export function tilesOf(url: string): FetchPath {
  return async (path) => {
    const response = await fetch(`${url}/logs/main/${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return new Uint8Array(await response.arrayBuffer());
  };
}
