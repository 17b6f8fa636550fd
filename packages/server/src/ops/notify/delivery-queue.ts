import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../log/clock.ts";
import { makeDirectory, replaceFile } from "../../store/durable-file.ts";
import { isRecord } from "../alarm-files.ts";
import { NotifyError, type Notification, type Notifier } from "./notification.ts";

const PENDING_MAX = 1_000;
const GIVE_UP_MS = 24 * 60 * 60 * 1000;
const BACK_OFF_MS_MAX = 300_000;
/** A hiccup is no news. */
const FAILING_ATTEMPTS = 3;
const FILE_NAME = /^\d{13}-[0-9a-z-]{1,64}\.json$/;

export interface DeliveryQueueOptions {
  readonly notifier: Notifier;
  /** For what was not delivered yet: a file for each notification. */
  readonly directory: string;
  readonly clock: Clock;
  /** The first pause after a failure; each one after it is twice as long. */
  readonly backOffMs?: number;
  /** Told when the notifier fails again and again, or has to give something up, and when it works again (undefined). */
  readonly onState: (failure: string | undefined) => void;
}

/**
 * Delivers notifications by one notifier: each at least once, in their order as long as the receiver takes them, also after
 * a restart. What could not be delivered within a day is given up, and the oldest of more than 1,000.
 */
export class DeliveryQueue {
  readonly #options: DeliveryQueueOptions;
  readonly #closing = new AbortController();
  /** Names of files, oldest first. */
  #pending: string[] = [];
  /** Somebody waits for the end of what waits. */
  #emptied: PromiseWithResolvers<void> | undefined;
  #wake = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;
  #attemptsFailed = 0;
  #givenUp = 0;

  constructor(options: DeliveryQueueOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.notifier.name;
  }

  /** How many wait. */
  get length(): number {
    return this.#pending.length;
  }

  /** Takes up what is left from before, and begins. */
  async start(): Promise<void> {
    const { directory } = this.#options;
    await makeDirectory(directory);
    this.#pending = (await readdir(directory)).filter((name) => FILE_NAME.test(name)).toSorted();
    this.#running = this.#run();
  }

  /** Durable when it resolves; delivered later. Putting the same again does nothing more. */
  async put(notification: Notification): Promise<void> {
    const name = `${String(notification.atMs).padStart(13, "0")}-${notification.id}.json`;
    await replaceFile(join(this.#options.directory, name), JSON.stringify(notification), 0o600);
    if (!this.#pending.includes(name)) this.#pending.push(name);
    if (this.#pending.length > PENDING_MAX) await this.#giveUp(this.#pending[0]!, "too many wait");
    this.#wake.resolve();
  }

  /** Resolves once nothing waits, or the signal is aborted. */
  async emptied(signal: AbortSignal): Promise<void> {
    if (this.#pending.length === 0 || signal.aborted) return;
    this.#emptied ??= Promise.withResolvers<void>();
    await Promise.race([this.#emptied.promise, once(signal, "abort")]);
  }

  /** Stops sending, and keeps what waits. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, backOffMs = 1_000 } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      if (this.#pending.length === 0) {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers<void>();
        continue;
      }
      const failure = await this.#round();
      if (signal.aborted) return;
      if (failure === undefined) {
        this.#attemptsFailed = 0;
        this.#givenUp = 0;
        this.#options.onState(undefined);
        continue;
      }
      this.#attemptsFailed++;
      if (this.#attemptsFailed >= FAILING_ATTEMPTS) this.#options.onState(this.#describe(failure));
      await clock.sleep(Math.min(BACK_OFF_MS_MAX, backOffMs * 2 ** (this.#attemptsFailed - 1)), signal);
    }
  }

  /** Sends what waits, each once. Returns why something is left; a receiver that refuses one is offered the others. */
  async #round(): Promise<string | undefined> {
    let failure: string | undefined;
    for (const name of this.#pending) {
      if (this.#closing.signal.aborted) return failure;
      try {
        await this.#send(name);
        await this.#remove(name);
      } catch (error) {
        failure = messageOf(error);
        if (!(error instanceof NotifyError && error.code === "notify_refused")) return failure;
      }
    }
    return failure;
  }

  async #send(name: string): Promise<void> {
    const { notifier, directory, clock } = this.#options;
    const notification = parseNotification(await readFile(join(directory, name), "utf8"));
    if (!notification) return await this.#giveUp(name, `${name} is damaged`);
    try {
      await notifier.send(notification, this.#closing.signal);
    } catch (error) {
      if (clock.nowMs() - notification.atMs > GIVE_UP_MS) return await this.#giveUp(name, messageOf(error));
      throw error;
    }
  }

  async #giveUp(name: string, why: string): Promise<void> {
    this.#givenUp++;
    this.#options.onState(this.#describe(why));
    await this.#remove(name);
  }

  async #remove(name: string): Promise<void> {
    await rm(join(this.#options.directory, name), { force: true });
    this.#pending = this.#pending.filter((pending) => pending !== name);
    if (this.#pending.length > 0) return;
    this.#emptied?.resolve();
    this.#emptied = undefined;
  }

  #describe(failure: string): string {
    return `${failure}; ${this.#pending.length} notifications wait${this.#givenUp === 0 ? "" : `, ${this.#givenUp} were given up`}`;
  }
}

/** Errors that are not the notifier's own come from the disk: their messages name files, and no secrets. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function parseNotification(text: string): Notification | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return isNotification(value) ? value : undefined;
}

function isNotification(value: unknown): value is Notification {
  if (typeof value !== "object" || value === null) return false;
  const { id, kind, atMs, node, file, alarm } = value as Partial<Record<keyof Notification, unknown>>;
  return (
    typeof id === "string" &&
    (kind === "raised" || kind === "cleared" || kind === "test") &&
    Number.isSafeInteger(atMs) &&
    typeof node === "string" &&
    (file === undefined || typeof file === "string") &&
    isRecord(alarm)
  );
}
