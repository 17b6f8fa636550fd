import { setTimeout as sleep } from "node:timers/promises";
import { Child } from "./child.ts";

const CLI = new URL("../../packages/cli/bin/stele.ts", import.meta.url).pathname;
const START_TIMEOUT_MS = 120_000;

export interface NodeOptions {
  readonly port: number;
  /** Of `stele serve`; the port is added. */
  readonly parameters: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

/** A node as users run it, in a process that can be killed, frozen and started again. */
export class NodeProcess {
  readonly port: number;
  readonly #options: NodeOptions;
  #child: Child | undefined;

  constructor(options: NodeOptions) {
    this.port = options.port;
    this.#options = options;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return this.#child?.running ?? false;
  }

  /** The last that the node said, in this or an earlier life. */
  get said(): string {
    return this.#child?.said ?? "";
  }

  /** Returns once the node is ready for writes. @throws Error with what it said if it ends or takes too long */
  async start(): Promise<void> {
    this.launch();
    await this.untilReady();
  }

  /** Returns once the node is ready for writes. @throws Error with what it said if it ends or takes too long */
  async untilReady(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await this.isReady())) {
      if (!this.#child!.running) throw new Error(`The node at ${this.url} ended: ${this.said}`);
      if (performance.now() > deadline) throw new Error(`The node at ${this.url} isn't ready: ${this.said}`);
      await sleep(50);
    }
  }

  /** Starts the process, and doesn't wait for it. */
  launch(): void {
    if (this.#child?.running) throw new Error(`The node at ${this.url} runs already`);
    const { parameters, environment = {} } = this.#options;
    this.#child = new Child(
      process.execPath,
      [CLI, "serve", "--port", String(this.port), ...parameters],
      environment,
    );
  }

  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
    } catch {
      return false; // Whatever the reason: it isn't.
    }
  }

  /** As a power cut does. */
  async kill(): Promise<void> {
    await this.#child?.end("SIGKILL");
  }

  /** As an operator does. */
  async stop(): Promise<void> {
    await this.#child?.end("SIGTERM");
  }

  /** It keeps its connections and answers nothing. */
  freeze(): void {
    this.#child?.signal("SIGSTOP");
  }

  thaw(): void {
    this.#child?.signal("SIGCONT");
  }
}
