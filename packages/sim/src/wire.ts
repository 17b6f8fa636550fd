import { UnavailableError } from "@stele/proof";
import type { FaultPlan } from "./faults.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";

/** What a call takes, there and back (milliseconds). */
export type Latency = (call: string) => number;

/** After so long the driver gives up. */
const CALL_TIMEOUT_MS = 1_500;

/** Between processes and the store: where calls are delayed, lost and done twice. */
export class Wire {
  readonly #scheduler: Scheduler;
  faults: FaultPlan;
  latency: Latency;
  /** Told to let a process die, or to stop it for some time. */
  readonly #onDeath: (process: SimProcess) => void;
  /** How many calls were made, by their first word. */
  readonly calls = new Map<string, number>();

  constructor(
    scheduler: Scheduler,
    faults: FaultPlan,
    latency: Latency,
    onDeath: (process: SimProcess) => void,
  ) {
    this.#scheduler = scheduler;
    this.faults = faults;
    this.latency = latency;
    this.#onDeath = onDeath;
  }

  /** Calls the store: `effect` happens there at one moment, at most once. */
  call<T>(process: SimProcess, call: string, effect: () => T, show: (result: T) => string): Promise<T> {
    const scheduler = this.#scheduler;
    return new Promise<T>((resolve, reject) => {
      if (process.state === "dead") return;
      const kind = call.split(" ", 1)[0]!;
      this.calls.set(kind, (this.calls.get(kind) ?? 0) + 1);
      const fate = this.faults.fate(process.name, call);
      const name = `${process.name} ${call}`;
      if (fate !== "done") scheduler.note(`${name}: ${fate}`);
      if (fate === "crash_before") {
        this.#onDeath(process);
        return;
      }
      let settled = false;
      const settle = (run: () => void): void => {
        process.deliver(() => {
          if (settled) return;
          settled = true;
          stopTimer();
          run();
        });
      };
      const failing = (why: string): void =>
        settle(() => reject(new UnavailableError("store_unavailable", `${name}: ${why}`)));
      const stopTimer = scheduler.after(CALL_TIMEOUT_MS, "", () => failing("timed out"));
      let thereMs = this.latency(call) / 2;
      const backMs = this.latency(call) / 2;
      if (fate === "late") thereMs += this.faults.longMs();
      if (fate === "stop_before" || fate === "stop_after") {
        const stoppedMs = this.faults.longMs();
        if (fate === "stop_before") thereMs += stoppedMs;
        process.stop();
        scheduler.after(stoppedMs + thereMs, `${process.name} goes on`, () => process.resume());
      }
      const isFast = scheduler.prng.chance(0.5);
      if (fate === "lost" || process.machine.isCutOff) {
        if (isFast) scheduler.after(thereMs, `${name}: refused`, () => failing("refused"));
        return;
      }
      scheduler.after(thereMs, "", () => {
        const result = effect();
        scheduler.note(`${name} = ${show(result)}`);
        if (fate === "crash_after") this.#onDeath(process);
        if (fate === "answer_lost" || process.machine.isCutOff) {
          if (isFast) scheduler.after(backMs, `${name}: reset`, () => failing("connection reset"));
          return;
        }
        scheduler.after(backMs, "", () => settle(() => resolve(result)));
      });
    });
  }
}
