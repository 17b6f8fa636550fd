import type { Clock } from "./clock.ts";

/** How long a writer goes on before it lets others try. */
const TURN_MS = 60;
const TURN_ALONE_MS = 1_000;
/** How often a commit's time others are given: to read what they missed and to commit, on a busy machine. */
const PATIENCE = 10;
const PATIENCE_ALONE = 3;
/** How long, in commits' times, others are left alone once one has committed: who lost against that one needs longer to try again. */
const GRACE = 1.5;
const PAUSE_MS_MIN = 5;
const PAUSE_MS_MAX = 250;

/**
 * Fairness between nodes that commit to one log. Whoever won knows the next position first and would go on winning; so after
 * its turn a writer waits until another one has committed. If none does, there is none: from then on it
 * only pauses shortly now and then, for one that might come. What collects meanwhile goes into one commit, so little is
 * lost. Only speed depends on all this.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #random: () => number;
  /** When the first commit of the present turn landed: what was spent on waiting and losing is not part of it. */
  #turnBeganMs: number | undefined;
  #contended = false;
  /** How long a commit takes, smoothed. */
  #commitMs = 10;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A commit of another node was seen. */
  foreign(): void {
    this.#contended = true;
  }

  /** A commit of ours landed. Returns for how long to wait for another node's at most (milliseconds); 0: go on. */
  won(tookMs: number): number {
    this.#commitMs += (tookMs - this.#commitMs) / 8;
    const nowMs = this.#clock.monotonicMs();
    this.#turnBeganMs ??= nowMs;
    const inTurnMs = nowMs - this.#turnBeganMs;
    if (inTurnMs < (this.#contended ? TURN_MS : TURN_ALONE_MS)) return 0;
    const patience = this.#contended ? PATIENCE : PATIENCE_ALONE;
    return Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, this.#commitMs * patience));
  }

  /** How long to wait before looking whether another node has committed. */
  get lookMs(): number {
    return Math.max(1, this.#commitMs / 2);
  }

  /** How long to wait once another node was seen to commit. */
  get graceMs(): number {
    return this.#commitMs * GRACE;
  }

  /** The wait is over. `seen`: another node has committed. */
  waited(seen: boolean): void {
    this.#contended = seen;
    this.#turnBeganMs = undefined;
  }

  /** Another one was first. Returns how long to wait before the next attempt: hardly, it has waited already. */
  lost(): number {
    this.#contended = true;
    this.#turnBeganMs = undefined;
    return this.#random() * this.#commitMs * 0.25;
  }
}
