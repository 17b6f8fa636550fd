import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { CEPH_CREDENTIALS, CephCluster } from "../../tools/cluster/ceph-cluster.ts";
import { freePorts } from "../../tools/cluster/free-ports.ts";
import { SteleCluster } from "../../tools/cluster/stele-cluster.ts";
import { TcpProxy } from "../../tools/cluster/tcp-proxy.ts";
import { EventLoad, type LoadFigures } from "./event-load.ts";
import { Ledger } from "./ledger.ts";
import { auditLog, readCheckpoint, type LogAudit } from "./log-audit.ts";

const CLI = new URL("../../packages/cli/bin/stele.ts", import.meta.url).pathname;
const EVENTS_PER_SECOND = 2_400;
const EVENTS_MAX = 500_000;
/** Until every node has what was acknowledged by another one. */
const CONVERGENCE_TIMEOUT_MS = 30_000;

export interface Scenario {
  readonly name: string;
  /** What goes wrong, and is mended; the load runs meanwhile. */
  readonly fault: (stage: Stage) => Promise<void>;
  /** Whether producers know the three nodes themselves, and use no balancer. */
  readonly direct?: boolean;
  readonly parameters?: (stage: Omit<Stage, "cluster">) => readonly string[];
  /** Looks at what the fault left, before the nodes stop. */
  readonly after?: (stage: Stage) => Promise<void>;
}

export interface Stage {
  readonly ceph: CephCluster;
  readonly cluster: SteleCluster;
  /** Between the third node and each gateway. */
  readonly wires: readonly TcpProxy[];
  /** Between all nodes and the gateway of the mirror. */
  readonly mirrorWire: TcpProxy;
  /** Below which everything of this scenario is, in each bucket. */
  readonly prefix: string;
  /** Of this scenario alone. */
  readonly directory: string;
}

export interface Figures extends LogAudit, LoadFigures {
  readonly name: string;
  readonly seconds: number;
  readonly sent: number;
  readonly acknowledged: number;
}

/** The Ceph cluster of this run. @throws Error if there is none */
export async function cephUnderTest(): Promise<CephCluster> {
  return await CephCluster.open(process.env["STELE_TEST_CEPH"]!);
}

/**
 * Starts three nodes on a new log, lets the load run through the fault, and then takes the log apart: `stele verify`
 * with the key that the log had at the beginning, every node's head, every entry.
 */
export async function runScenario(scenario: Scenario): Promise<Figures> {
  const { name } = scenario;
  const ceph = await cephUnderTest();
  await ceph.waitUntilHealthy();
  const directory = await mkdtemp(join(tmpdir(), "stele-scenario-"));
  const wires = await Promise.all(ceph.endpoints.map((endpoint) => TcpProxy.start(endpoint)));
  const mirrorWire = await TcpProxy.start(ceph.endpoints[0]!);
  const prefix = directory.split("-").at(-1)!;
  const surroundings = { ceph, wires, mirrorWire, prefix, directory };
  let cluster: SteleCluster | undefined;
  try {
    cluster = await SteleCluster.start({
      directory,
      journal: `s3://journal/${prefix}`,
      vault: `s3://vault/${prefix}`,
      endpoints: [ceph.endpoints, ceph.endpoints, wires.map(({ url }) => url)],
      credentials: CEPH_CREDENTIALS,
      port: await freePorts(5),
      parameters: [
        // Small enough for segments to be sealed while things break.
        "--segment-entries=16384",
        "--retain=1",
        "--lock=governance",
        ...(scenario.parameters?.(surroundings) ?? []),
      ],
    });
    const stage = { ...surroundings, cluster };
    const vkey = await readKey(cluster.nodes[0].url);
    const ledger = new Ledger(prefix, EVENTS_MAX);
    const begun = performance.now();
    const endpoints = scenario.direct ? cluster.nodes.map(({ url }) => url) : [cluster.url];
    const load = new EventLoad({ endpoints, ledger, eventsPerSecond: EVENTS_PER_SECOND });
    try {
      await sleep(3_000);
      await scenario.fault(stage);
      await sleep(3_000);
    } finally {
      await load.stop();
    }
    const figures = await load.stop();
    const seconds = (performance.now() - begun) / 1_000;
    await scenario.after?.(stage);
    await converge(cluster);
    await verify(cluster.url, vkey, join(directory, "verifier"));
    const audit = await auditLog(cluster.url, ledger);
    return { name, seconds, sent: ledger.sent, acknowledged: ledger.acknowledged, ...figures, ...audit };
  } catch (error) {
    const words = cluster?.nodes.map(({ url, said }) => `${url} said:\n${said.slice(-4_000)}`) ?? [];
    throw new Error([`${name}: ${String(error)}`, ...words].join("\n"), { cause: error });
  } finally {
    await cluster?.stop();
    await Promise.all([...wires, mirrorWire].map((wire) => wire.stop()));
    await rm(directory, { recursive: true });
  }
}

async function readKey(url: string): Promise<string> {
  const response = await fetch(`${url}/v1/logs/main`, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { vkey: string }).vkey;
}

/** Every node serves the same head. */
async function converge({ nodes }: SteleCluster): Promise<void> {
  const deadline = performance.now() + CONVERGENCE_TIMEOUT_MS;
  for (;;) {
    const heads = await Promise.all(
      nodes.map(({ url }) => readCheckpoint(url).catch((error: unknown) => ({ treeSize: -1, root: error }))),
    );
    const told = heads.map(({ treeSize, root }) =>
      Buffer.isBuffer(root) ? `${treeSize} ${root.toString("base64")}` : String(root),
    );
    if (new Set(told).size === 1 && heads[0]!.treeSize >= 0) return;
    if (performance.now() > deadline) throw new Error(`The nodes have different heads: ${told.join(", ")}`);
    await sleep(100);
  }
}

/** As an auditor does, with a process and a memory of their own. */
async function verify(url: string, vkey: string, stateDirectory: string): Promise<void> {
  await promisify(execFile)(
    process.execPath,
    [CLI, "verify", url, "--quiet", "--key", vkey, "--state", stateDirectory],
    { timeout: 120_000, killSignal: "SIGKILL" },
  );
}
