import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** What is kept of what a process says. */
const SAID_CHARACTERS_MAX = 64 << 10;

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A program that runs beside ours, and whose last words are kept. It ends with us at the latest. */
export class Child {
  readonly #process: ChildProcess;
  #said = "";

  constructor(program: string, parameters: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#process = spawn(program, parameters, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment },
      // In a group of its own: Ctrl-C in a terminal is ours to pass on.
      detached: true,
    });
    running.add(this.#process);
    this.#process.once("exit", () => running.delete(this.#process));
    for (const stream of [this.#process.stdout!, this.#process.stderr!]) {
      stream.on("data", (chunk: Buffer) => {
        this.#said = (this.#said + chunk.toString()).slice(-SAID_CHARACTERS_MAX);
      });
    }
    this.#process.once("error", (error) => {
      this.#said += String(error);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get running(): boolean {
    return (
      this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
    );
  }

  get said(): string {
    return this.#said;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Returns once the process is gone; after `patienceMs` it is killed. */
  async end(signal: NodeJS.Signals, patienceMs = 30_000): Promise<void> {
    if (!this.running) return;
    const exited = once(this.#process, "exit");
    const patience = setTimeout(() => this.#process.kill("SIGKILL"), patienceMs);
    this.#process.kill(signal);
    await exited;
    clearTimeout(patience);
  }
}
