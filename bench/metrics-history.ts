import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { TokenStore } from "../packages/server/src/access/tokens.ts";
import { buildServer } from "../packages/server/src/http/server.ts";
import { SteleNode } from "../packages/server/src/node.ts";
import { formatHistory } from "../packages/server/src/ops/history/history-file.ts";
import { HistoryTable, RESOLUTIONS, SERIES_MAX } from "../packages/server/src/ops/history/history-table.ts";
import { describeMachine, fixed, percentile, whole } from "./statistics.ts";

/**
 * What it costs a node's event loop to answer `GET /v1/metrics/history`, with as many series as a node keeps, all of them full.
 * The node runs in this thread; who asks is in another. The longest piece is the CPU time of the longest turn of the event loop, so that
 * what else runs on the machine does not count.
 */
const RUNS = Number(process.argv[2] ?? 40);

/** Asks for what it is sent, and says how long the answer took and is. */
const ASKER = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", async (url) => {
    const beganMs = performance.now();
    const response = await fetch(url);
    const { byteLength } = await response.arrayBuffer();
    if (response.status !== 200) throw new Error(url + " was answered with " + response.status);
    parentPort.postMessage({ tookMs: performance.now() - beganMs, byteLength });
  });`;

interface Asked {
  readonly tookMs: number;
  readonly byteLength: number;
}

/** Takes part in each turn of the event loop. */
class LongestPiece {
  #longestMs = 0;
  #beganMs = 0;
  #lastMs = 0;
  #isOn = false;

  begin(): void {
    this.#beganMs = this.#lastMs = threadMs();
    this.#longestMs = 0;
    this.#isOn = true;
    this.#tick();
  }

  async end(): Promise<{ readonly longestMs: number; readonly totalMs: number }> {
    await sleep(20);
    this.#isOn = false;
    return { longestMs: this.#longestMs, totalMs: this.#lastMs - this.#beganMs };
  }

  #tick(): void {
    const nowMs = threadMs();
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    // Not so often that it is what costs.
    if (this.#isOn) setTimeout(() => this.#tick(), 1);
  }
}

function spread(values: readonly number[]): string {
  return `p50 ${fixed(percentile(values, 0.5))} ms (${fixed(Math.min(...values))} to ${fixed(Math.max(...values))})`;
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function fullTable(nowSeconds: number): HistoryTable {
  const newest = RESOLUTIONS.map(({ stepSeconds }) => Math.floor(nowSeconds / stepSeconds));
  const series = Array.from({ length: SERIES_MAX }, (_, i) => ({
    name: i % 2 === 0 ? ("events_per_second" as const) : ("tree_size" as const),
    labels: { log: `log-${i}` },
    rings: RESOLUTIONS.map(({ slots }) =>
      Float64Array.from({ length: slots }, (_unused, at) =>
        i % 2 === 0 ? Number((((at * 7_919) % 9_973) / 7).toPrecision(6)) : at * 1_000 + i,
      ),
    ),
    lastSeconds: nowSeconds,
  }));
  return new HistoryTable(newest, series);
}

const dataDir = await mkdtemp(join(tmpdir(), "stele-bench-"));
await writeFile(join(dataDir, "history"), await formatHistory(fullTable(Date.now() / 1000)));
const node = await SteleNode.open({ dataDir });
const api = await buildServer(node, {
  host: "127.0.0.1",
  tokens: new TokenStore(join(dataDir, "tokens.json"), Date.now),
  metrics: node.metrics,
  nowMs: Date.now,
});
const url = await api.listen({ host: "127.0.0.1", port: 0 });
const asker = new Worker(ASKER, { eval: true });
const ask = async (path: string): Promise<Asked> =>
  await new Promise((resolve) => {
    asker.once("message", resolve);
    asker.postMessage(url + path);
  });

console.log(`${describeMachine()}, ${RUNS} times each\n`);
console.log("| asked for | longest piece | all of it | answered after | answer |");
console.log("| --- | --- | --- | --- | --- |");
const pieces = new LongestPiece();
for (const range of ["30d", "7d", "24h", "6h", "1h"]) {
  const pieceMs: number[] = [];
  const cpuMs: number[] = [];
  const tookMs: number[] = [];
  let lengthBytes = 0;
  for (let i = 0; i < RUNS + 3; i++) {
    pieces.begin();
    const asked = await ask(`/v1/metrics/history?range=${range}`);
    const { longestMs, totalMs } = await pieces.end();
    // The first are compiled.
    if (i < 3) continue;
    pieceMs.push(longestMs);
    cpuMs.push(totalMs);
    tookMs.push(asked.tookMs);
    lengthBytes = asked.byteLength;
  }
  console.log(
    `| \`${range}\` | ${spread(pieceMs)} | ${spread(cpuMs)} | ${spread(tookMs)} | ${whole(lengthBytes / 1024)} KiB |`,
  );
}
await asker.terminate();
await api.close();
await node.close();
await rm(dataDir, { recursive: true });
