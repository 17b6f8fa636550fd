import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

const SCRIPT = new URL("../../bin/stele.ts", import.meta.url).pathname;

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly stdin?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

function start(parameters: readonly string[], { env, cwd }: RunOptions): ChildProcess {
  return spawn(process.execPath, [SCRIPT, ...parameters], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env },
    ...(cwd !== undefined && { cwd }),
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Runs `stele` in a process of its own, to its end. */
export async function stele(parameters: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = start(parameters, options);
  const exited = once(child, "exit");
  child.stdin!.on("error", () => undefined); // It may end without having read it all.
  child.stdin!.end(options.stdin ?? "");
  const [out, err] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
  await exited;
  return { code: child.exitCode, out, err };
}

/** A `stele` that runs until it is stopped: a node, a tail. */
export class SteleProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #errors: Promise<string>;

  constructor(parameters: readonly string[], options: RunOptions = {}) {
    this.#child = start(parameters, options);
    this.#lines = createInterface(this.#child.stdout!)[Symbol.asyncIterator]();
    this.#errors = text(this.#child.stderr!);
  }

  /** The next line of its output. @throws if it ends instead, with what it said */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error(`stele ended: ${await this.#errors}`);
    return value;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends the signal, and waits for the end. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Finished> {
    const exited = this.#child.exitCode === null ? once(this.#child, "exit") : undefined;
    this.#child.kill(signal);
    await exited;
    return { code: this.#child.exitCode, out: "", err: await this.#errors };
  }
}

/** A node on a data directory and a free port. */
export async function startServe(
  data: string,
  parameters: readonly string[] = [],
): Promise<{ process: SteleProcess; url: string; vkey: string }> {
  const node = new SteleProcess(["serve", "--json", "--data", data, "--port", "0", ...parameters]);
  const told: { url: string; logs: { vkey: string }[] } = JSON.parse(await node.line());
  return { process: node, url: told.url, vkey: told.logs[0]!.vkey };
}
