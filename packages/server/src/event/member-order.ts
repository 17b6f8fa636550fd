import { lowestBit } from "./lowest-bit.ts";

/** The rank of the members whose keys a schema does not name: behind all that it does. */
export const OTHER_RANK = 31;

/** Up to this many bytes a loop is faster than copyWithin. */
const LOOP_BYTES_MAX = 48;

/** Each rank twice, and other members after each. */
const RUNS_MAX = 4 * OTHER_RANK;

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
  /** The run of each rank that is present. A run is one member, or other members that follow each other. */
  readonly #runs = new Uint8Array(OTHER_RANK);
  /** The rank and the start of each run. */
  readonly #ranks = new Uint8Array(RUNS_MAX);
  readonly #starts = new Uint32Array(RUNS_MAX + 1);

  begin(): void {
    this.present = 0;
    this.#count = 0;
    this.#lastRank = -1;
    this.#inOrder = true;
  }

  /**
   * A member of this rank is written at `start`, just behind the one added before. If a rank is added a second time, then
   * only the second stays.
   */
  add(rank: number, start: number): void {
    if (rank < this.#lastRank) this.#inOrder = false;
    else if (rank === OTHER_RANK && this.#lastRank === OTHER_RANK && this.#endsWithOthers()) return;
    else this.#lastRank = rank;
    if (rank !== OTHER_RANK) {
      this.present |= 1 << rank;
      this.#runs[rank] = this.#count;
    }
    this.#ranks[this.#count] = rank;
    this.#starts[this.#count++] = start;
  }

  /**
   * Puts the members, which end at `to`, in the order of their ranks; the other members keep theirs. Uses the room
   * behind `to`. @returns where they end now
   */
  settle(output: Uint8Array, to: number): number {
    if (this.#inOrder) return to;
    const from = this.#starts[0]!;
    this.#starts[this.#count] = to;
    output.copyWithin(to, from, to);
    let end = from;
    for (let ranks = this.present; ranks !== 0; ranks &= ranks - 1) {
      end = this.#move(output, to - from, this.#runs[lowestBit(ranks)]!, end);
    }
    for (let run = 0; run < this.#count; run++) {
      if (this.#ranks[run] === OTHER_RANK) end = this.#move(output, to - from, run, end);
    }
    return end;
  }

  /** Moves a run, of which there is a copy `shift` bytes behind it, to `to`. @returns where it ends there */
  #move(output: Uint8Array, shift: number, run: number, to: number): number {
    const start = this.#starts[run]! + shift;
    const end = this.#starts[run + 1]! + shift;
    if (end - start > LOOP_BYTES_MAX) output.copyWithin(to, start, end);
    else for (let i = start, o = to; i < end; i++, o++) output[o] = output[i]!;
    return to + end - start;
  }

  #endsWithOthers(): boolean {
    return this.#ranks[this.#count - 1] === OTHER_RANK;
  }
}
