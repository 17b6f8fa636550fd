/** The node's clock as events see it: never goes back, whatever the system's clock does. */
export class ReceivedClock {
  readonly #now: () => number;
  #lastMs: number;
  #text = "";

  /** @param atLeastMs the newest time that the node stamped before, if it is known (Unix milliseconds) */
  constructor(now: () => number, atLeastMs = 0) {
    this.#now = now;
    this.#lastMs = atLeastMs;
  }

  /** Later stamps are not before `ms`. */
  advanceTo(ms: number): void {
    if (ms > this.#lastMs) this.#set(ms);
  }

  /** The time as `received_at` has it: 24 characters, UTC. */
  stamp(): string {
    const now = this.#now();
    if (now > this.#lastMs || this.#text === "") this.#set(Math.max(now, this.#lastMs));
    return this.#text;
  }

  #set(ms: number): void {
    this.#lastMs = ms;
    this.#text = new Date(ms).toISOString();
  }
}

/** When the node received the event of an entry (Unix milliseconds). */
export function receivedAtMs(entry: Uint8Array): number {
  const { received_at } = JSON.parse(Buffer.from(entry).toString()) as { received_at: string };
  return Date.parse(received_at);
}
