import { execFile } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Child } from "./child.ts";

/** The one that is deployed is the one that is tested. */
export const HAPROXY_CONFIG = new URL("../../deploy/haproxy.cfg", import.meta.url).pathname;
const START_TIMEOUT_MS = 10_000;

export interface BalancerOptions {
  readonly port: number;
  readonly statisticsPort: number;
  /** Of three nodes, as `host:port`. */
  readonly nodes: readonly [string, string, string];
}

/** HAProxy in front of three nodes. */
export class Balancer {
  readonly url: string;
  /** Shows which node is in which state. */
  readonly statisticsUrl: string;
  readonly #child: Child;

  private constructor({ port, statisticsPort }: BalancerOptions, child: Child) {
    this.url = `http://127.0.0.1:${port}`;
    this.statisticsUrl = `http://127.0.0.1:${statisticsPort}`;
    this.#child = child;
  }

  /** Returns once it listens; the nodes may come later. @throws Error with what HAProxy said */
  static async start(options: BalancerOptions): Promise<Balancer> {
    const { port, statisticsPort, nodes } = options;
    const environment: NodeJS.ProcessEnv = {
      PATH: `${process.env["PATH"]}:/usr/sbin`,
      STELE_BIND: `127.0.0.1:${port}`,
      ...Object.fromEntries(nodes.map((node, number) => [`STELE_NODE_${number + 1}`, node])),
      STELE_STATS_BIND: `127.0.0.1:${statisticsPort}`,
    };
    // Says what is wrong, which the running one does not always.
    await promisify(execFile)("haproxy", ["-c", "-q", "-f", HAPROXY_CONFIG], {
      env: { ...process.env, ...environment },
      timeout: START_TIMEOUT_MS,
    });
    const child = new Child("haproxy", ["-db", "-f", HAPROXY_CONFIG], environment);
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await listens(port))) {
      if (!child.running || performance.now() > deadline) {
        await child.end("SIGKILL");
        throw new Error(`HAProxy does not listen on port ${port}: ${child.said}`);
      }
      await sleep(50);
    }
    return new Balancer(options, child);
  }

  async stop(): Promise<void> {
    await this.#child.end("SIGTERM", 2_000);
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    return await new Promise((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}
