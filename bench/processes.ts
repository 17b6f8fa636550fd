import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { WitnessKey } from "../packages/server/src/witness/index.ts";
import type { LoadJob, LoadResult } from "./load.ts";

const CLI = new URL("../packages/cli/bin/stele.ts", import.meta.url).pathname;
const LOAD = new URL("load.ts", import.meta.url).pathname;

/** A node in a process of its own, as users run it. */
export class NodeProcess {
  readonly #child: ChildProcess;
  readonly url: string;
  /** From the start of the process to the first answer of `/readyz`. */
  readonly startMs: number;
  #rssMaxBytes = 0;
  readonly #sampler: NodeJS.Timeout;

  private constructor(child: ChildProcess, url: string, startMs: number) {
    this.#child = child;
    this.url = url;
    this.startMs = startMs;
    this.#sampler = setInterval(() => this.#sample(), 200);
  }

  static async start(dataDir: string, port: number, flags: readonly string[] = []): Promise<NodeProcess> {
    const started = performance.now();
    const child = spawn(
      process.execPath,
      [CLI, "serve", "--data", dataDir, "--port", String(port), "--quiet", ...flags],
      {
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    const url = `http://127.0.0.1:${port}`;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`The node ended with exit code ${child.exitCode}`);
      try {
        if ((await fetch(`${url}/readyz`)).ok) break;
      } catch {
        // not listening yet: asked again until it is, or the process ends
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return new NodeProcess(child, url, performance.now() - started);
  }

  /** The largest resident memory that the node and its child processes had together. */
  get rssMaxBytes(): number {
    this.#sample();
    return this.#rssMaxBytes;
  }

  /** CPU time of the node and its child processes until now. */
  get cpuSeconds(): number {
    return cpuSeconds(this.#child.pid!);
  }

  async stop(): Promise<void> {
    clearInterval(this.#sampler);
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exited;
  }

  #sample(): void {
    this.#rssMaxBytes = Math.max(this.#rssMaxBytes, residentBytes(this.#child.pid!));
  }
}

/** A witness of one log, in a process of its own. */
export class WitnessProcess {
  readonly url: string;
  readonly vkey: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, { url, vkey }: { url: string; vkey: string }) {
    this.#child = child;
    this.url = url;
    this.vkey = vkey;
  }

  /** `directory` is made, with a new key and a new state. */
  static async start(directory: string, name: string, logKey: string): Promise<WitnessProcess> {
    await mkdir(directory);
    const key = join(directory, "key");
    await WitnessKey.create(key, `witness.example/${name}`);
    const flags = ["--init", "--key", key, "--state", join(directory, "state"), "--log-key", logKey];
    const child = spawn(process.execPath, [CLI, "witness", "--json", "--port", "0", ...flags], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    return new WitnessProcess(child, JSON.parse(line) as { url: string; vkey: string });
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exited;
  }
}

/** Of a process and all below it. */
function residentBytes(pid: number): number {
  return sumOfTree(pid, (directory) => {
    const status = readFileSync(`${directory}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
  });
}

/** Of a process and all below it, with those below it that have ended. */
function cpuSeconds(pid: number): number {
  return sumOfTree(pid, (directory) => {
    // proc(5): behind the name in parentheses, utime, stime, cutime and cstime are the fields 14 to 17.
    const fields = readFileSync(`${directory}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
  });
}

/** `sysconf(_SC_CLK_TCK)`, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** The sum over a process and all below it of what `read` reads in its directory of /proc. */
function sumOfTree(pid: number, read: (directory: string) => number): number {
  const children = new Map<number, number[]>();
  const values = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
      values.set(Number(name), read(`/proc/${name}`));
    } catch {
      // the process ended between the two calls
    }
  }
  const sum = (id: number): number =>
    (values.get(id) ?? 0) + (children.get(id) ?? []).reduce((total, child) => total + sum(child), 0);
  return sum(pid);
}

/** Runs the load generator to its end. */
export async function runLoad(job: LoadJob): Promise<LoadResult> {
  const child = spawn(process.execPath, [LOAD], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(job));
  const [output, [code]] = await Promise.all([
    text(child.stdout),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  if (code !== 0) throw new Error(`The load generator ended with exit code ${code}`);
  return JSON.parse(output) as LoadResult;
}
