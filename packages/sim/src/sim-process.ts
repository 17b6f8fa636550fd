import type { Clock } from "@stele/server/protocol";
import type { Scheduler } from "./scheduler.ts";

/** Unix milliseconds at the beginning of a simulation. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

/** The clocks of one machine, which restarts of its process don't change. */
export class Machine {
  /** What the wall clock is ahead of the true time. */
  wallOffsetMs = 0;
  /** For how long the monotonic clock stood still. */
  suspendedMs = 0;
  /** No request of it reaches the store. */
  isCutOff = false;
}

/** One process: while it is stopped, nothing in it goes on; once it is dead, nothing ever will. */
export class SimProcess {
  readonly name: string;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  #state: "running" | "stopped" | "dead" = "running";
  #held: (() => void)[] = [];

  constructor(name: string, machine: Machine, scheduler: Scheduler) {
    this.name = name;
    this.machine = machine;
    this.scheduler = scheduler;
    this.clock = {
      nowMs: () => EPOCH_MS + Math.floor(scheduler.nowMs + machine.wallOffsetMs),
      monotonicMs: () => scheduler.nowMs - machine.suspendedMs,
      bootMs: () => scheduler.nowMs,
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get state(): "running" | "stopped" | "dead" {
    return this.#state;
  }

  /** Hands something to the process: a timer that is due, an answer that came. */
  deliver(run: () => void): void {
    if (this.#state === "running") run();
    else if (this.#state === "stopped") this.#held.push(run);
  }

  stop(): void {
    if (this.#state === "running") this.#state = "stopped";
  }

  /** What came meanwhile is handed over now, in any order. */
  resume(): void {
    if (this.#state !== "stopped") return;
    this.#state = "running";
    const held = this.#held;
    this.#held = [];
    for (const run of held)
      this.scheduler.after(this.scheduler.prng.between(0, 1), "", () => this.deliver(run));
  }

  kill(): void {
    this.#state = "dead";
    this.#held = [];
  }

  async #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const cancel = this.scheduler.after(Math.max(0, ms), "", () => this.deliver(resolve));
      signal?.addEventListener("abort", () => {
        cancel();
        resolve();
      });
    });
  }
}
