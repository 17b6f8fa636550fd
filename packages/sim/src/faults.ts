import type { Prng } from "./prng.ts";

/** What becomes of one call to a store. */
export type Fate =
  | "done"
  /** It never gets there, and fails. */
  | "lost"
  /** It is done, and the caller is told that it failed. */
  | "answer_lost"
  /** It is done long after the caller has given up. */
  | "late"
  /** The caller dies before the call, or when it is done. */
  | "crash_before"
  | "crash_after"
  /** The caller is stopped, for longer than anybody waits. The call gets there before or after that. */
  | "stop_after"
  | "stop_before";

export interface FaultPlan {
  /** Decides once for each call. */
  fate(process: string, call: string): Fate;
  /** How late a late call is, or for how long a process is stopped. */
  longMs(): number;
}

export const noFaults: FaultPlan = { fate: () => "done", longMs: () => 0 };

/** How likely each fate is. */
export type FaultRates = Readonly<Partial<Record<Fate, number>>>;

/** Fates by chance. */
export function randomFaults(prng: Prng, rates: FaultRates, longestMs: number): FaultPlan {
  const fates = Object.entries(rates) as [Fate, number][];
  return {
    fate: () => {
      let at = prng.next();
      for (const [fate, rate] of fates) {
        at -= rate;
        if (at < 0) return fate;
      }
      return "done";
    },
    longMs: () => prng.between(0.05, 1) * longestMs,
  };
}

/** Fault `fate` at the `at`th call of one process, which may change, counted from 0; nothing else goes wrong. */
export class OneFault implements FaultPlan {
  readonly #process: () => string | undefined;
  readonly #at: number;
  readonly #fate: Fate;
  #calls = 0;

  constructor(process: () => string | undefined, at: number, fate: Fate) {
    this.#process = process;
    this.#at = at;
    this.#fate = fate;
  }

  /** How many calls the process has made. */
  get calls(): number {
    return this.#calls;
  }

  fate(process: string): Fate {
    if (process !== this.#process()) return "done";
    return this.#calls++ === this.#at ? this.#fate : "done";
  }

  longMs(): number {
    return 0;
  }
}
