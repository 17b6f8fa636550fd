import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { StartWitnessOptions } from "../../packages/server/src/witness/index.ts";

const MAIN = new URL("node-main.ts", import.meta.url).pathname;

export interface NodeOptions {
  readonly dataDir: string;
  readonly segmentEntries?: number;
  readonly clockStepMs?: number;
}

/** A node, or with another `main` a witness, in a process of its own. */
export class NodeProcess {
  readonly #child: ChildProcess;
  readonly url: string;
  readonly #errors: string[];

  private constructor(child: ChildProcess, url: string, errors: string[]) {
    this.#child = child;
    this.url = url;
    this.#errors = errors;
  }

  /** Rejects with what the node wrote to standard error if it does not come up. */
  static async start(options: NodeOptions | StartWitnessOptions, main = MAIN): Promise<NodeProcess> {
    const child = spawn(process.execPath, [main, JSON.stringify(options)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const errors: string[] = [];
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
    const lines = createInterface(child.stdout);
    const url = await Promise.race([
      once(lines, "line").then(([line]) => line as string),
      once(child, "exit").then(() => undefined),
    ]);
    if (url === undefined) {
      await sleep(50); // the rest of standard error
      throw new Error(errors.join(""));
    }
    return new NodeProcess(child, url, errors);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get stderr(): string {
    return this.#errors.join("");
  }

  /** As a power cut does: nothing is finished. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill(signal);
    await exited;
  }
}
