import { hash } from "node:crypto";
import { cp, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { SteleClient } from "@stele/client";
import { Traffic } from "../packages/cli/src/traffic.ts";
import { verifyLogDirectory } from "../packages/server/src/index.ts";
import { NodeProcess, runLoad } from "./processes.ts";
import { fixed, percentile, whole } from "./statistics.ts";

const PATH = "/v1/logs/main/events";
/** A node seals so many at a time, unless told. */
const SEGMENT_ENTRIES = 262_144;
/** Hashed again and again: entries of one thread stay in its cache no more than those of a log do. */
const STOCK = 50_000;

/** How fast a log is verified, and what the verifier in a node costs writers. */
export async function* measureVerifying(
  dataDir: string,
  port: number,
  events: number,
  { pairs, seconds }: { readonly pairs: number; readonly seconds: number },
): AsyncGenerator<[name: string, figure: string]> {
  const fill = await NodeProcess.start(dataDir, port);
  try {
    await runLoad({ url: fill.url, path: PATH, connections: 8, eventsPerRequest: 1000, events, seed: 11 });
    // As a log that has been there for a while: what is not sealed yet is hashed by one thread.
    const client = new SteleClient({ endpoints: [fill.url] });
    const sealable = events - (events % SEGMENT_ENTRIES);
    while ((await client.info()).sealedSize < sealable) await sleep(200);
  } finally {
    await fill.stop();
  }
  const report = await verifyLogDirectory(join(dataDir, "logs", "main"), {
    stateDirectory: join(dataDir, "verified"),
  });
  const rate = report.checked.entries / report.seconds;
  const floor = await plainSha256(Math.round(report.checked.bytes / report.checked.entries));
  yield ["verify: entries, tree, signatures", `${whole(rate)} entries/s`];
  yield ["… of plain SHA-256 of as many bytes, all cores", `${fixed(rate / floor, 2)} (${whole(floor)}/s)`];
  const { columns } = report;
  if (columns && columns.rows > 0) {
    yield [
      "verify: columns against entries, a second step",
      `${whole(columns.rows / columns.seconds)} rows/s`,
    ];
  }
  const writes = { on: [] as Writes[], off: [] as Writes[] };
  for (let pair = 0; pair < pairs; pair++) {
    // Which one is first changes: a machine gets slower, or faster.
    const order = pair % 2 === 0 ? (["off", "on"] as const) : (["on", "off"] as const);
    for (const state of order) writes[state].push(await write(dataDir, port, state, seconds));
  }
  const kinds = [
    ["eventsPerSecond", "events/s"],
    ["cpuMicrosPerEvent", "µs of CPU time an event"],
  ] as const;
  for (const [kind, unit] of kinds) {
    const [on, off] = [writes.on, writes.off].map((side) => side.map((each) => each[kind])) as [
      number[],
      number[],
    ];
    const ratios = on.map((value, i) => value / off[i]!);
    const [without, with_] = [off, on].map((values) => fixed(percentile(values, 0.5)));
    yield [`writes without the background verifier, and with it`, `${without} and ${with_} ${unit}`];
    yield [
      `… ratio, ${pairs} pairs of ${seconds} s`,
      `median ${fixed(percentile(ratios, 0.5), 3)} (${fixed(Math.min(...ratios), 2)} to ${fixed(Math.max(...ratios), 2)})`,
    ];
  }
}

interface Writes {
  readonly eventsPerSecond: number;
  /** Of the node and its children: on a machine with other things to do, it says more than the rate. */
  readonly cpuMicrosPerEvent: number;
}

/** Each time on a copy of the same log: a log that grows takes longer to open. */
async function write(filled: string, port: number, state: "on" | "off", seconds: number): Promise<Writes> {
  const dataDir = `${filled}-copy`;
  await cp(filled, dataDir, { recursive: true });
  const node = await NodeProcess.start(dataDir, port, state === "on" ? [] : ["--verify-every", "0"]);
  try {
    const load = { url: node.url, path: PATH, connections: 8, eventsPerRequest: 1000, seed: 12 };
    const before = node.cpuSeconds;
    const result = await runLoad({ ...load, seconds });
    return {
      eventsPerSecond: result.events / result.seconds,
      cpuMicrosPerEvent: ((node.cpuSeconds - before) * 1e6) / result.events,
    };
  } finally {
    await node.stop();
    await rm(dataDir, { recursive: true });
  }
}

/** Entries a second, with all cores at it. */
async function plainSha256(lengthBytes: number): Promise<number> {
  const rates = Array.from({ length: availableParallelism() }, async () => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { lengthBytes } });
    try {
      return await new Promise<number>((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
      });
    } finally {
      await worker.terminate();
    }
  });
  return (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0);
}

if (!isMainThread) {
  const { lengthBytes } = workerData as { lengthBytes: number };
  const traffic = new Traffic({ seed: 3, tenants: 100, users: 200 });
  const entries = Array.from({ length: STOCK }, (_, i) =>
    Buffer.from(
      traffic
        .json(i * 9)
        .padEnd(lengthBytes, " ")
        .slice(0, lengthBytes),
    ),
  );
  const started = performance.now();
  let count = 0;
  for (let sum = 0; performance.now() - started < 2_000;) {
    for (const entry of entries) sum += hash("sha256", entry, "binary").length;
    if (sum === 0) throw new Error("nothing was hashed");
    count += entries.length;
  }
  parentPort!.postMessage(count / ((performance.now() - started) / 1000));
}
