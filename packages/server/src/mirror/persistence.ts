import { UnavailableError } from "@stele/proof";
import type { Clock } from "../log/clock.ts";

const PAUSE_MS = 250;
const PAUSE_MS_MAX = 10_000;

/** Does work that depends on a store which may be away: again and again, with growing pauses, until it is done. */
export class Persistence {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #onFailure: (error: unknown) => void;
  readonly #onRecovery: () => void;
  #failure: string | undefined;

  /** `onFailure` is told once, until the work succeeds again; then `onRecovery`. */
  constructor(options: {
    readonly clock: Clock;
    /** Ends all pauses and attempts. */
    readonly signal: AbortSignal;
    readonly onFailure: (error: unknown) => void;
    readonly onRecovery: () => void;
  }) {
    this.#clock = options.clock;
    this.#signal = options.signal;
    this.#onFailure = options.onFailure;
    this.#onRecovery = options.onRecovery;
  }

  /** Why it does not get on, for a person; undefined while all is well. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** What `work` gives in the end. @throws UnavailableError `mirror_closed` once the signal is aborted */
  async until<T>(work: () => Promise<T>): Promise<T> {
    for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      if (this.#signal.aborted) throw new UnavailableError("mirror_closed", "The mirror was closed");
      try {
        const result = await work();
        if (this.#failure !== undefined) this.#onRecovery();
        this.#failure = undefined;
        return result;
      } catch (error) {
        if (this.#failure === undefined) this.#onFailure(error);
        this.#failure = error instanceof Error ? error.message : String(error);
      }
      await this.#clock.sleep(pauseMs * (0.75 + Math.random() / 2), this.#signal);
    }
  }
}
