/*
 * `npm run bench:cluster` measures nodes on a real S3: a Ceph cluster that it starts, or the one of $STELE_BENCH_S3
 * (endpoints, divided by commas). `--smoke` does the same in a minute. Needs root and Ceph's packages. Prints Markdown.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { openStore } from "../packages/server/src/store/open-store.ts";
import type { ObjectStore } from "../packages/server/src/store/object-store.ts";
import { Balancer } from "../tools/cluster/balancer.ts";
import { createBuckets } from "../tools/cluster/buckets.ts";
import { CEPH_CREDENTIALS, CephCluster } from "../tools/cluster/ceph-cluster.ts";
import { NodeProcess } from "../tools/cluster/node-process.ts";
import { runLoad } from "./processes.ts";
import { describeMachine, fixed, percentile, whole } from "./statistics.ts";

const PATH = "/v1/logs/main/events";
const PORTS = [18_091, 18_092, 18_093] as const;
const SEGMENT_ENTRIES = 262_144;

const { values } = parseArgs({
  options: { smoke: { type: "boolean", default: false }, events: { type: "string" } },
});
const events = Number(values.events ?? (values.smoke ? 300_000 : 5_000_000));
const seconds = values.smoke ? 3 : 15;

function row(...cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}

const directory = await mkdtemp(join(tmpdir(), "stele-bench-cluster-"));
const ceph = process.env["STELE_BENCH_S3"]
  ? undefined
  : await CephCluster.start({
      directory: join(directory, "ceph"),
      monitorPort: 41_000,
      gatewayPorts: [17_480, 17_481],
    });
const endpoints = ceph?.endpoints ?? process.env["STELE_BENCH_S3"]!.split(",");
const run = randomBytes(4).toString("hex");
const buckets = { journal: `bench-${run}-journal`, vault: `bench-${run}-vault` };
const environment = {
  AWS_ACCESS_KEY_ID: CEPH_CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CEPH_CREDENTIALS.secretAccessKey,
};
Object.assign(process.env, environment);
const running: { stop(): Promise<void> }[] = [];

/** A node of the log in this prefix of the buckets. */
function nodeOf(prefix: string, number: 0 | 1 | 2, data = `${prefix}-${number}`): NodeProcess {
  const node = new NodeProcess({
    port: PORTS[number],
    environment,
    parameters: [
      "--data",
      join(directory, data),
      "--journal",
      `s3://${buckets.journal}/${prefix}`,
      "--vault",
      `s3://${buckets.vault}/${prefix}`,
      "--s3-endpoint",
      endpoints.join(","),
      "--key",
      join(directory, "secret"),
      "--retain",
      "1",
      "--lock",
      "governance",
      "--quiet",
    ],
  });
  running.push(node);
  return node;
}

/** Calls of the store since the node began, by operation. */
async function storeCalls(node: NodeProcess): Promise<Map<string, number>> {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  const calls = new Map<string, number>();
  for (const [, operation, count] of text.matchAll(
    /^stele_store_seconds_count\{operation="(\w+)".*\} (\d+)$/gm,
  )) {
    calls.set(operation!, (calls.get(operation!) ?? 0) + Number(count));
  }
  return calls;
}

/** Milliseconds of conditional PUTs of so many bytes, one after the other. */
async function plainPuts(objects: ObjectStore, count: number, lengthBytes: number): Promise<number[]> {
  const body = randomBytes(lengthBytes);
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const started = performance.now();
    await objects.create(`bench/${randomBytes(8).toString("hex")}`, [body]);
    times.push(performance.now() - started);
  }
  return times;
}

function spread(times: readonly number[]): string {
  return `p50 ${fixed(percentile(times, 0.5))} ms, p99 ${fixed(percentile(times, 0.99))} ms`;
}

/** Acknowledgements against plain PUTs, taken in turns: what else the machine does troubles both. */
async function measureAcknowledgement(): Promise<void> {
  const store = openStore({
    journal: `s3://${buckets.journal}/plain`,
    s3: { endpoints },
    lock: { mode: "governance", required: false },
    timeoutMs: 10_000,
  });
  const objects = store.objects("plain");
  const node = nodeOf("latency", 0);
  await node.start();
  const puts: number[] = [];
  const acknowledgements: number[] = [];
  for (let round = 0; round < (values.smoke ? 1 : 5); round++) {
    puts.push(...(await plainPuts(objects, 100, 8_192)));
    const load = {
      url: node.url,
      path: PATH,
      connections: 8,
      eventsPerRequest: 10,
      seconds: seconds / 3,
      rate: 500,
      seed: round,
    };
    acknowledgements.push(...(await runLoad(load)).latenciesMs);
  }
  await node.stop();
  await store.close();
  const ratio = (share: number) => fixed(percentile(acknowledgements, share) / percentile(puts, share), 2);
  row("plain conditional PUT of 8 KB, three copies", spread(puts));
  row("acknowledgement, 500 events/s in batches of 10, through one node", spread(acknowledgements));
  row("… in plain PUTs", `p50 ${ratio(0.5)}, p99 ${ratio(0.99)}`);
}

/** Writes a log through the balancer to one node, and lets another node join it. */
async function measureThroughput(): Promise<void> {
  const node = nodeOf("history", 0);
  await node.start();
  const balancer = await Balancer.start({
    port: 18_090,
    statisticsPort: 18_089,
    nodes: PORTS.map((port) => `127.0.0.1:${port}`) as [string, string, string],
  });
  running.push(balancer);
  while (!(await fetch(`${balancer.url}${PATH}?limit=1`)).ok) await sleep(100);
  await sleep(1_000); // until the balancer knows that it takes writes
  const before = await storeCalls(node);
  const load = { url: balancer.url, path: PATH, connections: 8, eventsPerRequest: 1000, events, seed: 7 };
  const written = await runLoad(load);
  const after = await storeCalls(node);
  row(
    "batches of 1,000 through the balancer to one node",
    `${whole(written.events / written.seconds)} events/s, acknowledged after ${spread(written.latenciesMs)}`,
  );
  const calls = [...after].map(
    ([operation, count]) => [operation, count - (before.get(operation) ?? 0)] as const,
  );
  const total = calls.reduce((sum, [, count]) => sum + count, 0);
  row(
    "requests to the store per 1,000 events",
    `${fixed((total / written.events) * 1000, 2)} (${calls.map(([operation, count]) => `${operation} ${whole(count)}`).join(", ")})`,
  );
  await balancer.stop();
  const sealing = performance.now();
  const { sealed, bytes } = await sealedBytes(node);
  row("sealed behind the last event after", `${fixed((performance.now() - sealing) / 1000)} s`);
  if (sealed > 0) row(`in the vault, ${whole(sealed)} sealed events`, `${fixed(bytes / sealed)} B an event`);
  await node.stop();
  const joining = nodeOf("history", 1);
  const started = performance.now();
  joining.launch();
  let answered = false;
  while (!answered) {
    try {
      const response = await fetch(`${joining.url}${PATH}?q=outcome:denied&limit=50`);
      const { indexed_size: indexed, tree_size: size } = (await response.json()) as {
        indexed_size: number;
        tree_size: number;
      };
      answered = response.ok && indexed === size && size >= events;
    } catch {
      // not listening yet
    }
    if (!answered) await sleep(20);
  }
  row(
    `a node joins the log of ${whole(events)} events, process to first search over all of it`,
    `${fixed((performance.now() - started) / 1000, 2)} s`,
  );
  await joining.stop();
}

/** Waits until no segment's worth is left; then how many entries are sealed, in how many bytes. */
async function sealedBytes(node: NodeProcess): Promise<{ sealed: number; bytes: number }> {
  let sealed = 0;
  for (;;) {
    const status = (await (await fetch(`${node.url}/v1/status`)).json()) as {
      logs: { tree_size: number; sealed_size: number }[];
    };
    const log = status.logs[0]!;
    sealed = log.sealed_size;
    if (log.tree_size - sealed < SEGMENT_ENTRIES) break;
    await sleep(500);
  }
  const store = openStore({
    journal: `s3://${buckets.journal}/history`,
    vault: `s3://${buckets.vault}/history`,
    s3: { endpoints },
    lock: { mode: "governance", required: true },
    timeoutMs: 10_000,
  });
  const objects = await store.vault("main").list();
  await store.close();
  return { sealed, bytes: objects.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0) };
}

/** Three busy nodes against one, taken in turns. All three follow in both cases. */
async function measureContention(): Promise<void> {
  const nodes = [nodeOf("busy", 0), nodeOf("busy", 1), nodeOf("busy", 2)];
  await Promise.all(nodes.map((node) => node.start()));
  const job = { path: PATH, eventsPerRequest: 1000, seconds: seconds / 2 };
  const alone: number[] = [];
  const together: number[] = [];
  const shares: number[] = [];
  for (let round = 0; round < (values.smoke ? 1 : 3); round++) {
    const one = await runLoad({ ...job, url: nodes[0]!.url, connections: 6, seed: round });
    alone.push(one.events / one.seconds);
    const three = await Promise.all(
      nodes.map(({ url }, i) => runLoad({ ...job, url, connections: 2, seed: 100 + 10 * round + i })),
    );
    const rates = three.map((result) => result.events / result.seconds);
    together.push(rates.reduce((sum, rate) => sum + rate, 0));
    shares.push(Math.min(...rates) / (rates.reduce((sum, rate) => sum + rate, 0) / 3));
  }
  for (const node of nodes) await node.stop();
  row("one busy node of three, batches of 1,000", `${whole(percentile(alone, 0.5))} events/s`);
  row(
    "three busy nodes",
    `${whole(percentile(together, 0.5))} events/s: ${fixed(percentile(together, 0.5) / percentile(alone, 0.5), 2)} of one; the slowest got ${fixed(percentile(shares, 0.5), 2)} of a fair share`,
  );
}

try {
  const cli = new URL("../packages/cli/bin/stele.ts", import.meta.url).pathname;
  await promisify(execFile)(process.execPath, [cli, "key", "new", join(directory, "secret")]);
  await createBuckets({
    endpoint: endpoints[0]!,
    credentials: CEPH_CREDENTIALS,
    plain: [buckets.journal],
    locked: [buckets.vault],
  });
  console.log(
    `Machine: ${describeMachine()}; Ceph (1 monitor, 3 OSDs, 3 copies, 2 gateways) and the load run on it, too`,
  );
  console.log(`Command: npm run bench:cluster -- ${process.argv.slice(2).join(" ")}\n`);
  row("on Ceph", "figure");
  row("---", "---");
  await measureAcknowledgement();
  await measureContention();
  await measureThroughput();
} finally {
  for (const process of running) await process.stop();
  await ceph?.stop();
  await rm(directory, { recursive: true, force: true });
}
