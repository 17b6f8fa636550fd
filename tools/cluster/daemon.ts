import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A process that left its id in a file, and whose command line names `mark` (the directory that it works in), so
 * that a recycled id never hits a stranger.
 */
export class Daemon {
  readonly #pidFile: string;
  readonly #mark: string;

  constructor(pidFile: string, mark: string) {
    this.#pidFile = pidFile;
    this.#mark = mark;
  }

  /** Undefined if it doesn't run. */
  async pid(): Promise<number | undefined> {
    try {
      const pid = Number(await readFile(this.#pidFile, "utf8"));
      const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8");
      return commandLine.includes(this.#mark) ? pid : undefined;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  /** Whether there was a process to get the signal. */
  async signal(signal: NodeJS.Signals): Promise<boolean> {
    const pid = await this.pid();
    if (pid === undefined) return false;
    try {
      return process.kill(pid, signal);
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  /** kill -9, and returns once the process is gone. */
  async kill(): Promise<void> {
    await this.signal("SIGKILL");
    for (let waitedMs = 0; (await this.pid()) !== undefined; waitedMs += 20) {
      if (waitedMs > 10_000) throw new Error(`${this.#pidFile}: the process outlives SIGKILL`);
      await sleep(20);
    }
  }
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  // A process that ends between two calls: its directory in /proc is there, its files are not.
  return code === "ENOENT" || code === "ESRCH";
}
