import {
  CompactRange,
  equalBytes,
  HASH_LENGTH_BYTES,
  TILE_HEIGHT,
  VerificationError,
  type Hash,
  type TreeHead,
} from "@stele/proof";
import { nativeHasher } from "../log/native-hasher.ts";

/** Something says that the first `treeSize` entries have this root. */
export interface Claim extends TreeHead {
  /** What says it, for people. */
  readonly place: string;
}

interface Stop {
  readonly treeSize: number;
  readonly place: string;
  readonly reached: () => void;
}

/**
 * A tree rebuilt from entry bytes, compared on its way with every head that is claimed of it. Claims are made
 * before the tree grows past their size.
 */
export class TreeAudit {
  readonly #range: CompactRange;
  readonly #differs: (error: VerificationError) => void;
  /** Not reached yet, smallest first. */
  readonly #stops: Stop[] = [];

  /** `differs`: told of each claim that is not true, in place of throwing it. */
  constructor(
    range = new CompactRange({ hasher: nativeHasher }),
    differs: (error: VerificationError) => void = thrown,
  ) {
    this.#range = range;
    this.#differs = differs;
  }

  get size(): number {
    return this.#range.end;
  }

  /** The tree as it is now. */
  get range(): CompactRange {
    return this.#range.clone();
  }

  root(): Hash {
    return this.#range.root();
  }

  /** Compares the root once the tree has this size. @throws VerificationError `root_mismatch`, then or now */
  claim(claim: Claim): void {
    const { treeSize, root, place } = claim;
    this.#stopAt({
      treeSize,
      place,
      reached: () => {
        const computed = this.root();
        if (equalBytes(root, computed)) return;
        this.#differs(
          new VerificationError(
            "root_mismatch",
            `${place}: the first ${treeSize} entries hash to ${Buffer.from(computed).toString("base64")}, ` +
              `but what was signed is ${Buffer.from(root).toString("base64")}`,
            { claim, computed },
          ),
        );
      },
    });
  }

  /** A second audit that goes on from this size, when the tree gets there. */
  fork(treeSize: number, place: string): { audit: TreeAudit | undefined } {
    const forked: { audit: TreeAudit | undefined } = { audit: undefined };
    const reached = (): void => {
      forked.audit = new TreeAudit(this.#range.clone(), this.#differs);
    };
    this.#stopAt({ treeSize, place, reached });
    return forked;
  }

  /** Whether something is to be compared inside `(start, end)`, so that the hash of the whole run is not enough. */
  needsLeaves(start: number, end: number): boolean {
    return this.#stops.some(({ treeSize }) => treeSize > start && treeSize < end);
  }

  /** Gives up what is to be compared inside `(start, end)`: the leaves are not known there. */
  passOver(start: number, end: number): void {
    const kept = this.#stops.filter(({ treeSize }) => treeSize <= start || treeSize >= end);
    this.#stops.splice(0, this.#stops.length, ...kept);
  }

  /** Goes on with a run of 256 entries by the hash that was computed from them. */
  appendBlock(subtreeHash: Hash): void {
    this.#range.appendSubtree(TILE_HEIGHT, subtreeHash);
    this.#stop();
  }

  /** Goes on with leaf hashes, 32 bytes each. @throws VerificationError `root_mismatch` */
  appendLeaves(hashes: Uint8Array): void {
    for (let i = 0; i < hashes.length; i += HASH_LENGTH_BYTES) {
      this.#range.append(hashes.subarray(i, i + HASH_LENGTH_BYTES));
      this.#stop();
    }
  }

  /** @throws VerificationError `entries_missing` if a claimed head is larger than the tree turned out to be */
  finish(): void {
    const [stop] = this.#stops;
    if (!stop) return;
    this.#differs(
      new VerificationError(
        "entries_missing",
        `${stop.place} is of ${stop.treeSize} entries, but only ${this.size} are there: the end was cut off`,
        { claimed: stop.treeSize, present: this.size },
      ),
    );
  }

  #stopAt(stop: Stop): void {
    // Of claims of one size the newest goes first: it knows the place best.
    this.#stops.unshift(stop);
    this.#stops.sort((a, b) => a.treeSize - b.treeSize);
    this.#stop();
  }

  #stop(): void {
    while (this.#stops[0]?.treeSize === this.size) this.#stops.shift()!.reached();
  }
}

function thrown(error: VerificationError): never {
  throw error;
}
