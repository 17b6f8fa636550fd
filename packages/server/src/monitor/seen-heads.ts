import type { VerifiedCheckpoint } from "@stele/proof";

/** The newest are kept, and of older ones fewer and fewer. */
const NEWEST_KEPT = 16;

/**
 * Heads of one log that were verified to extend each other. They are what a log that went back, and grew again with other
 * entries, is compared with: so small ones are kept too, some two for each doubling of the log.
 */
export class SeenHeads {
  #heads: readonly VerifiedCheckpoint[];

  constructor(heads: readonly VerifiedCheckpoint[] = []) {
    this.#heads = heads;
  }

  /** Smallest first: some 16 + 2 × 53 at most. */
  get all(): readonly VerifiedCheckpoint[] {
    return this.#heads;
  }

  get largest(): VerifiedCheckpoint | undefined {
    return this.#heads.at(-1);
  }

  get largestSize(): number {
    return this.largest?.treeSize ?? 0;
  }

  /** The largest that is not larger than this. */
  upTo(treeSize: number): VerifiedCheckpoint | undefined {
    return this.#heads.findLast((head) => head.treeSize <= treeSize);
  }

  /** Adds one that was compared. Nothing if there is one of its size. */
  add(head: VerifiedCheckpoint): void {
    if (this.#heads.some(({ treeSize }) => treeSize === head.treeSize)) return;
    this.#heads = thin([...this.#heads, head].toSorted((a, b) => a.treeSize - b.treeSize));
  }
}

/** Of what is older than the newest ones, the first of each half doubling. */
function thin(heads: readonly VerifiedCheckpoint[]): VerifiedCheckpoint[] {
  const older = heads.slice(0, -NEWEST_KEPT);
  const kept = older.filter((head, i) => i === 0 || halfDoubling(head) > halfDoubling(older[i - 1]!));
  return [...kept, ...heads.slice(-NEWEST_KEPT)];
}

function halfDoubling({ treeSize }: VerifiedCheckpoint): number {
  return Math.floor(2 * Math.log2(Math.max(1, treeSize)));
}
