/** The rank of the members whose keys a schema does not name: behind all that it does. */
export const OTHER_RANK = 31;

/** The rank of a member that is not to stay. */
const DROPPED = -1;

/** Each rank once, each once dropped, and the other members between them. */
const RUNS_MAX = 4 * (OTHER_RANK + 1);

/**
 * Where the members of one object were written, in the order in which its producer sent them, so that they can be put
 * in the order of their ranks if that is another one. Each member is `"key":value,` with its comma.
 */
export class MemberOrder {
  /** A bit for each rank that is there (not for the other members). */
  present = 0;
  #count = 0;
  #lastRank = -1;
  #inOrder = true;
  readonly #ranks = new Int8Array(RUNS_MAX);
  readonly #starts = new Uint32Array(RUNS_MAX + 1);

  begin(): void {
    this.present = 0;
    this.#count = 0;
    this.#lastRank = -1;
    this.#inOrder = true;
  }

  /** A member of this rank is written at `start`, just behind the one added before. */
  add(rank: number, start: number): void {
    if (rank < this.#lastRank) this.#inOrder = false;
    else if (rank === OTHER_RANK && this.#lastRank === OTHER_RANK && this.#endsWithOthers()) return;
    else this.#lastRank = rank;
    if (rank !== OTHER_RANK) this.present |= 1 << rank;
    this.#ranks[this.#count] = rank;
    this.#starts[this.#count++] = start;
  }

  /** The rank that is likely to follow. */
  get nextRank(): number {
    return this.#lastRank + 1;
  }

  has(rank: number): boolean {
    return (this.present & (1 << rank)) !== 0;
  }

  /** Leaves out the member of this rank. */
  drop(rank: number): void {
    this.#ranks[this.#ranks.indexOf(rank)] = DROPPED;
    this.#inOrder = false;
  }

  /**
   * Puts the members, which end at `to`, in the order of their ranks; the other members keep theirs. Uses the room
   * behind `to`. @returns where they end now
   */
  settle(output: Uint8Array, to: number): number {
    if (this.#inOrder) return to;
    const from = this.#starts[0]!;
    const shift = to - from;
    output.copyWithin(to, from, to);
    this.#starts[this.#count] = to;
    let end = from;
    for (let rank = 0; rank <= OTHER_RANK; rank++) {
      if (rank !== OTHER_RANK && !this.has(rank)) continue;
      for (let run = 0; run < this.#count; run++) {
        if (this.#ranks[run] !== rank) continue;
        const runEnd = this.#starts[run + 1]! + shift;
        for (let at = this.#starts[run]! + shift; at < runEnd; at++) output[end++] = output[at]!;
      }
    }
    return end;
  }

  #endsWithOthers(): boolean {
    return this.#ranks[this.#count - 1] === OTHER_RANK;
  }
}
