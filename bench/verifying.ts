import { hash } from "node:crypto";
import { cp, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Traffic } from "../packages/cli/src/traffic.ts";
import { verifyLogDirectory } from "../packages/server/src/index.ts";
import { NodeProcess, runLoad } from "./processes.ts";
import { fixed, percentile, whole } from "./statistics.ts";

const PATH = "/v1/logs/main/events";
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
  const ratios: number[] = [];
  const rates = { on: [] as number[], off: [] as number[] };
  for (let pair = 0; pair < pairs; pair++) {
    // Which one is first changes: a machine gets slower, or faster.
    const order = pair % 2 === 0 ? (["off", "on"] as const) : (["on", "off"] as const);
    for (const state of order) rates[state].push(await throughput(dataDir, port, state, seconds));
    ratios.push(rates.on.at(-1)! / rates.off.at(-1)!);
  }
  yield ["writes without the background verifier", `median ${whole(percentile(rates.off, 0.5))} events/s`];
  yield ["writes with it", `median ${whole(percentile(rates.on, 0.5))} events/s`];
  yield [
    `ratio, ${pairs} pairs of ${seconds} s`,
    `median ${fixed(percentile(ratios, 0.5), 3)} (${fixed(Math.min(...ratios), 2)} to ${fixed(Math.max(...ratios), 2)})`,
  ];
}

/** Each time on a copy of the same log: a log that grows takes longer to open. */
async function throughput(
  filled: string,
  port: number,
  state: "on" | "off",
  seconds: number,
): Promise<number> {
  const dataDir = `${filled}-copy`;
  await cp(filled, dataDir, { recursive: true });
  const node = await NodeProcess.start(dataDir, port, state === "on" ? [] : ["--verify-every", "0"]);
  try {
    const load = { url: node.url, path: PATH, connections: 8, eventsPerRequest: 1000, seed: 12 };
    const result = await runLoad({ ...load, seconds });
    return result.events / result.seconds;
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
