/* `npm run cluster`: a replicated S3, three nodes and a balancer on this machine, to try and to break. */
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createBuckets } from "./buckets.ts";
import { CEPH_CREDENTIALS, CephCluster } from "./ceph-cluster.ts";
import { missingRequirement } from "./requirements.ts";
import { SteleCluster } from "./stele-cluster.ts";

const USAGE = `Usage: npm run cluster -- [options]
  --directory <path>     where everything is kept, emptied at each start (./cluster-data)
  --port <n>             of the balancer; the nodes have the next three, its statistics page the one behind (8080)
  --gateway-port <n>     of Ceph's first gateway; the second has the next one (7490)
  --monitor-port <n>     of Ceph's monitor, which takes the next one too (40100)`;

const SUPERVISE_MS = 1_000;
const RESTART_AFTER_MS = 10_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      directory: { type: "string", default: "./cluster-data" },
      port: { type: "string", default: "8080" },
      "gateway-port": { type: "string", default: "7490" },
      "monitor-port": { type: "string", default: "40100" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const missing = await missingRequirement();
  if (missing !== undefined) {
    console.error(`No cluster can be started here: ${missing}`);
    process.exitCode = 1;
    return;
  }
  const stopped = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  const directory = resolve(values.directory);
  const gatewayPort = portOf("gateway-port", values["gateway-port"]);

  console.log(
    `Starting Ceph in ${directory}: a monitor, three OSDs with three copies, two gateways (30 s) …`,
  );
  const ceph = await CephCluster.start({
    directory: join(directory, "ceph"),
    monitorPort: portOf("monitor-port", values["monitor-port"]),
    gatewayPorts: [gatewayPort, gatewayPort + 1],
  });
  let cluster: SteleCluster | undefined;
  try {
    await createBuckets({
      endpoint: ceph.endpoints[0]!,
      credentials: CEPH_CREDENTIALS,
      plain: ["stele-journal"],
      locked: ["stele-vault"],
    });
    console.log("Starting three nodes and HAProxy …");
    // What the nodes had is of the store that was before.
    const nodesDirectory = join(directory, "nodes");
    await rm(nodesDirectory, { recursive: true, force: true });
    const mirror = join(directory, "mirror");
    await rm(mirror, { recursive: true, force: true });
    await mkdir(mirror, { recursive: true });
    cluster = await SteleCluster.start({
      directory: nodesDirectory,
      journal: "s3://stele-journal/stele",
      vault: "s3://stele-vault/stele",
      endpoints: [ceph.endpoints, ceph.endpoints, ceph.endpoints],
      credentials: CEPH_CREDENTIALS,
      port: portOf("port", values.port),
      // A lock of a day: this is to try, and the directory goes away anyway.
      // The mirror is a directory, which locks nothing.
      parameters: ["--retain=1", "--lock=governance", `--mirror=file://${mirror}`],
    });
    console.log(whatToTry(cluster, ceph));
    await superviseUntil(stopped, cluster);
    console.log("\nStopping …");
  } finally {
    await cluster?.stop();
    await ceph.stop();
  }
}

/** Starts a node that is gone again after a while, as a supervisor does. */
async function superviseUntil(stopped: Promise<unknown>, { nodes }: SteleCluster): Promise<void> {
  const timers = nodes.map((node, i) => {
    let missedMs = 0;
    return setInterval(() => {
      missedMs = node.running ? 0 : missedMs + SUPERVISE_MS;
      if (missedMs < RESTART_AFTER_MS) return;
      node.launch();
      console.log(`Node ${i + 1} was gone, and is started again: pid ${node.pid}`);
    }, SUPERVISE_MS);
  });
  await stopped;
  for (const timer of timers) clearInterval(timer);
}

function whatToTry({ url, nodes, balancer }: SteleCluster, ceph: CephCluster): string {
  const conf = join(ceph.directory, "ceph.conf");
  const nodeLines = nodes.map((node, i) => `  node ${i + 1}      ${node.url}   pid ${node.pid}`).join("\n");
  return `
Running. Everything goes to the balancer, ${url}:
${nodeLines}
  states      ${balancer.statisticsUrl}
  gateways    ${ceph.endpoints.join("  ")}

In another terminal, in this folder:
  export STELE_URL=${url}
  echo '{"action":"door.opened","actor":{"id":"ann"}}' | npx stele append -
  npx stele search actor:ann
  npx stele status
  npx stele verify ${url}
Break it, and append again:
  # a node, which is started again after ten seconds:
  kill -9 ${nodes[0].pid}
  # one that freezes:
  kill -STOP ${nodes[1].pid}; sleep 20; kill -CONT ${nodes[1].pid}
  # one of three copies of everything, and back:
  kill -9 $(cat ${ceph.directory}/osd.0.pid); ceph -c ${conf} status; ceph-osd -i 0 -c ${conf}
  # a gateway of the store:
  kill -9 $(cat ${ceph.directory}/client.rgw.a.pid)
Ctrl-C stops all of it.`;
}

function portOf(name: string, text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_530) {
    throw new Error(`--${name} ${text} is not a port`);
  }
  return port;
}

await main();
