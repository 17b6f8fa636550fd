import { createHash } from "node:crypto";

/** What happened in a simulation, in order: hashed, so that two runs can be compared, and shown to whoever asks. */
export class Trace {
  readonly #hash = createHash("sha256");
  readonly #show: ((line: string) => void) | undefined;
  #length = 0;

  constructor(show?: (line: string) => void) {
    this.#show = show;
  }

  get length(): number {
    return this.#length;
  }

  add(nowMs: number, what: string): void {
    const line = `${nowMs.toFixed(3)} ${what}\n`;
    this.#hash.update(line);
    this.#length++;
    this.#show?.(line);
  }

  /** The hash of all lines so far. */
  digest(): string {
    return this.#hash.copy().digest("hex");
  }
}
