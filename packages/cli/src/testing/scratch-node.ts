import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Traffic } from "../traffic.ts";
import { startServe, stele, type Finished, type RunOptions, type SteleProcess } from "./stele-process.ts";

/** A node in a process and a directory of its own, and `stele` run against it there. */
export class ScratchNode {
  /** The working directory of commands. */
  readonly directory: string;
  readonly url: string;
  readonly vkey: string;
  readonly #process: SteleProcess;

  private constructor(directory: string, { process, url, vkey }: Awaited<ReturnType<typeof startServe>>) {
    this.directory = directory;
    this.url = url;
    this.vkey = vkey;
    this.#process = process;
  }

  static async start(parameters: readonly string[] = []): Promise<ScratchNode> {
    const directory = await mkdtemp(join(tmpdir(), "stele-cli-"));
    return new ScratchNode(directory, await startServe(join(directory, "data"), parameters));
  }

  get data(): string {
    return this.path("data");
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  async run(parameters: readonly string[], options: RunOptions = {}): Promise<Finished> {
    const env = { STELE_URL: this.url, XDG_STATE_HOME: this.path("state"), ...options.env };
    return await stele(parameters, { cwd: this.directory, ...options, env });
  }

  /** Stops the node as people do. */
  async stop(): Promise<Finished> {
    const finished = await this.#process.stop();
    await rm(this.directory, { recursive: true, force: true });
    return finished;
  }
}

const AT = Date.UTC(2026, 0, 5, 12);

/** Simulated events, a line each. */
export function someEvents(count: number, seed: number): string[] {
  const traffic = new Traffic({ seed });
  return Array.from({ length: count }, (_, i) => traffic.json(AT + i));
}
