import { execFile } from "node:child_process";
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Balancer } from "./balancer.ts";
import { NodeProcess } from "./node-process.ts";

const CLI = new URL("../../packages/cli/bin/stele.ts", import.meta.url).pathname;

export interface SteleClusterOptions {
  /** Gets a directory for each node, and the secret that they share. */
  readonly directory: string;
  /** `s3://bucket/prefix` */
  readonly journal: string;
  readonly vault: string;
  /** The gateways as each of the three nodes reaches them. */
  readonly endpoints: readonly [readonly string[], readonly string[], readonly string[]];
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The balancer's; the nodes have the next three, its statistics page the one behind. */
  readonly port: number;
  /** Further parameters of `stele serve`, for each node. */
  readonly parameters?: readonly string[];
}

/** Three nodes on one store, and a balancer in front of them. */
export class SteleCluster {
  readonly nodes: readonly [NodeProcess, NodeProcess, NodeProcess];
  readonly balancer: Balancer;

  private constructor(nodes: SteleCluster["nodes"], balancer: Balancer) {
    this.nodes = nodes;
    this.balancer = balancer;
  }

  /** Returns once all of them take writes. @throws Error with what the node said that doesn't */
  static async start(options: SteleClusterOptions): Promise<SteleCluster> {
    const key = await sharedKey(options.directory);
    const nodes = [1, 2, 3].map(
      (number) =>
        new NodeProcess({
          port: options.port + number,
          parameters: [
            "--quiet",
            `--data=${join(options.directory, `node-${number}`)}`,
            `--key=${key}`,
            `--journal=${options.journal}`,
            `--vault=${options.vault}`,
            `--s3-endpoint=${options.endpoints[number - 1]!.join(",")}`,
            ...(options.parameters ?? []),
          ],
          environment: {
            AWS_ACCESS_KEY_ID: options.credentials.accessKeyId,
            AWS_SECRET_ACCESS_KEY: options.credentials.secretAccessKey,
          },
        }),
    ) as unknown as SteleCluster["nodes"];
    const hosts = nodes.map(({ port }) => `127.0.0.1:${port}`) as [string, string, string];
    const balancer = await Balancer.start({
      port: options.port,
      statisticsPort: options.port + 4,
      nodes: hosts,
    });
    const cluster = new SteleCluster(nodes, balancer);
    try {
      await Promise.all(nodes.map((node) => node.start()));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get url(): string {
    return this.balancer.url;
  }

  async stop(): Promise<void> {
    await this.balancer.stop();
    for (const node of this.nodes) node.thaw();
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

/** The file with the secret that the keys of all logs come from; made if it is not there. */
async function sharedKey(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, "key");
  try {
    await access(path);
  } catch {
    await promisify(execFile)(process.execPath, [CLI, "key", "new", path], { timeout: 30_000 });
  }
  return path;
}
