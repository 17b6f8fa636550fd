import { SteleError, UnavailableError, ConflictError } from "@stele/proof";
import type { Acknowledgement } from "@stele/server/protocol";
import type { Receipt } from "./history.ts";
import { SimLog, type Disk, type SimLogOptions } from "./sim-log.ts";
import { Machine, SimProcess } from "./sim-process.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

const REOPEN_PAUSE_MS = 1_000;

/** What a crash does to what the machine kept. */
export type DiskLoss = "kept" | "cut" | "lost";

/** A node that can be killed and started again; what SteleNode does for one log. */
export class SimNode {
  readonly name: string;
  readonly machine = new Machine();
  readonly disk: Disk = { copy: [], mark: undefined, files: new Map() };
  isDiskFull = false;
  readonly #world: World;
  #process: SimProcess | undefined;
  #log: SimLog | undefined;
  #starts = 0;

  constructor(name: string, world: World) {
    this.name = name;
    this.#world = world;
  }

  get process(): SimProcess | undefined {
    return this.#process;
  }

  /** What it serves, unless it is down or opening. */
  get log(): SimLog | undefined {
    return this.#process?.state === "dead" ? undefined : this.#log;
  }

  start(): void {
    if (this.#process && this.#process.state !== "dead") return;
    const { scheduler } = this.#world;
    this.#process = new SimProcess(`${this.name}.${this.#starts++}`, this.machine, scheduler);
    scheduler.note(`${this.#process.name} starts`);
    void this.#open(this.#process);
  }

  crash(loss: DiskLoss): void {
    if (!this.#process || this.#process.state === "dead") return;
    this.#world.scheduler.note(`${this.#process.name} crashes, its copy is ${loss}`);
    this.#process.kill();
    this.#log = undefined;
    const { copy, files } = this.disk;
    if (loss === "cut") copy.splice(this.#world.prng.integer(0, copy.length));
    if (loss === "lost") {
      this.disk.copy = [];
      files.clear();
    }
  }

  /** Sends events. Resolves with receipts, which the history has checked. */
  async append(body: Uint8Array, ids: readonly string[]): Promise<readonly Receipt[]> {
    const log = this.log;
    const process = this.#process;
    if (!log || !process) throw new UnavailableError("node_down", `${this.name} is down`);
    this.#world.history.sending(ids);
    const acknowledgement: Acknowledgement = await log.append(body);
    const receipts = JSON.parse(Buffer.from(acknowledgement.receiptsJson).toString()) as Receipt[];
    this.#world.history.acknowledge(process.name, ids, acknowledgement.treeSize, receipts);
    return receipts;
  }

  /** Somebody changes the key of the log, or ends the use of an old one. */
  async changeKeys(): Promise<void> {
    const process = this.#process;
    if (!this.log || !process) return;
    try {
      const what = await this.log.changeKeys();
      this.#world.scheduler.note(`${process.name} ${what}`);
    } catch (error) {
      this.#suffer(process, "changing keys", error);
    }
  }

  async #open(process: SimProcess): Promise<void> {
    while (process.state !== "dead") {
      try {
        this.#log = await SimLog.open(this.#options(process));
        this.#world.scheduler.note(`${process.name} serves ${this.#log.head().treeSize}`);
        return;
      } catch (error) {
        this.#suffer(process, "opening", error);
        await process.clock.sleep(REOPEN_PAUSE_MS);
      }
    }
  }

  #options(process: SimProcess): SimLogOptions {
    const { idHashSeed, normalizer, prng, history, settings, recover } = this.#world;
    const { objects, vault } = this.#world.storesOf(process, this.disk.files);
    return {
      ...settings,
      process,
      disk: this.disk,
      objects,
      vault,
      identity: this.#world.identityAt(objects),
      idHashSeed,
      normalizer,
      prng,
      history,
      recover,
      isDiskFull: () => this.isDiskFull,
      report: (what, error) => this.#suffer(process, what, error),
    };
  }

  #suffer(process: SimProcess, what: string, error: unknown): void {
    const { scheduler } = this.#world;
    const code = error instanceof SteleError ? error.code : String(error);
    scheduler.note(`${process.name} ${what}: ${code}`);
    if (!(error instanceof UnavailableError || error instanceof ConflictError)) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      scheduler.fail(
        new Violation("nodes_find_nothing_wrong", `${process.name}, ${what}: ${why}`, { cause: error }),
      );
    }
    if (error instanceof UnavailableError && error.code === "log_stale") void this.#reopen(process);
  }

  async #reopen(process: SimProcess): Promise<void> {
    const log = this.#log;
    if (!log || process !== this.#process) return;
    this.#log = undefined;
    await log.close();
    await this.#open(process);
  }
}
