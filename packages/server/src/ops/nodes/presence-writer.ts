import type { ObjectStore } from "../../store/object-store.ts";
import type { Clock } from "../../log/clock.ts";
import { formatPresence, presenceKey, type Presence } from "./presence.ts";

export interface PresenceWriterOptions {
  /** `nodes/` of the store. */
  readonly objects: ObjectStore;
  /** What the node says of itself now. Returns at once. */
  readonly presence: () => Presence;
  readonly clock: Clock;
}

/** Two requests each time. */
export const SAY_EVERY_MS = 30_000;
/** What could not be deleted: then nothing is added, either. */
const LEFT_MAX = 10;
/** Stopping does not wait longer for a store that is out. */
const FAREWELL_MS = 2_000;

/**
 * Says in the store that the node is there, now and then. A new object each time, since none is overwritten; the one before
 * is deleted. If that fails the node goes on: nothing depends on it.
 */
export class PresenceWriter {
  readonly #options: PresenceWriterOptions;
  readonly #stop = new AbortController();
  readonly #said: string[] = [];
  #failure: string | undefined;
  #running: Promise<void> | undefined;

  constructor(options: PresenceWriterOptions) {
    this.#options = options;
  }

  /** Why others do not see this node; undefined if they do. */
  get failure(): string | undefined {
    return this.#failure;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Takes back what it said. Does not fail, and does not wait for a store that is out. */
  async close(): Promise<void> {
    if (!this.#running || this.#stop.signal.aborted) return;
    this.#stop.abort();
    const farewell = this.#running.then(async () => {
      await this.#try(() => this.#options.objects.delete(this.#said.splice(0)));
    });
    await Promise.race([farewell, this.#options.clock.sleep(FAREWELL_MS)]);
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    await this.#try(() => this.#takeUp());
    while (!signal.aborted) {
      await this.#try(() => this.#say());
      await clock.sleep(SAY_EVERY_MS, signal);
    }
  }

  /** What a process that died left behind. */
  async #takeUp(): Promise<void> {
    const { objects, presence } = this.#options;
    for await (const { key } of objects.list(`${presence().id}/`)) this.#said.push(key);
  }

  async #say(): Promise<void> {
    const { objects, presence } = this.#options;
    if (this.#said.length > LEFT_MAX) {
      await objects.delete(this.#said);
      this.#said.length = 0;
    }
    const said = presence();
    const key = presenceKey(said);
    await objects.create(key, [Buffer.from(formatPresence(said))]);
    const before = this.#said.filter((one) => one !== key);
    this.#said.splice(0, this.#said.length, ...before, key);
    await objects.delete(before);
    this.#said.splice(0, before.length);
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }
}
