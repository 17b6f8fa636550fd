import type { Clock } from "./clock.ts";

/** How long a writer that just won may go on before it lets others try. */
const TURN_MS = 100;
/** A writer that has seen no other pauses this much more rarely. */
const ALONE_FACTOR = 5;
/** Other writers are reckoned with for so long after their last commit. */
const REMEMBERED_MS = 2_000;
const PAUSE_MS_MAX = 250;

/**
 * Fairness between nodes that commit to one log. Whoever won knows the next position first and would always win; so a
 * writer pauses after its turn, for about as long as another one needs to read its commit and to make one. Only
 * speed depends on it. What collects during the pause goes into one commit, so little is lost.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #random: () => number;
  #turnBeganMs = 0;
  #foreignAtMs = -Infinity;
  /** How long a commit takes, smoothed. */
  #commitMs = 10;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A commit of another node was seen. */
  foreign(): void {
    this.#foreignAtMs = this.#clock.monotonicMs();
  }

  /** A commit of ours landed. Returns for how long to let others try before the next one (milliseconds). */
  won(tookMs: number): number {
    const nowMs = this.#clock.monotonicMs();
    this.#commitMs += (tookMs - this.#commitMs) / 8;
    const contended = nowMs - this.#foreignAtMs < REMEMBERED_MS;
    if (nowMs - this.#turnBeganMs < TURN_MS * (contended ? 1 : ALONE_FACTOR)) return 0;
    const pauseMs = Math.min(PAUSE_MS_MAX, this.#commitMs * (1.5 + this.#random()));
    this.#turnBeganMs = nowMs + pauseMs;
    return pauseMs;
  }

  /** Another one was first. Returns how long to wait before the next attempt: hardly, it has waited already. */
  lost(): number {
    this.foreign();
    return this.#random() * this.#commitMs * 0.25;
  }
}
