/*
 * `npm run bench` measures a node on this machine; `npm run bench -- --smoke` does the same in seconds, with few
 * events, so that CI sees that it runs. Prints Markdown.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureHistory } from "./history.ts";
import { NodeProcess, runLoad } from "./processes.ts";
import { measureScrolling } from "./scroll.ts";
import { measureWitnessed } from "./witnessed.ts";
import { measureVerifying } from "./verifying.ts";
import { describeMachine, fixed, percentile, whole } from "./statistics.ts";

const PORT = 18_080;
const PATH = "/v1/logs/main/events";

const { values } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    events: { type: "string" },
    data: { type: "string" },
  },
});
const seconds = values.smoke ? 2 : 20;
const events = Number(values.events ?? (values.smoke ? 60_000 : 5_000_000));
const wanted = (suite: string): boolean => !values.only || values.only.includes(suite);

function row(...cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}

/** A fresh node for each: none inherits the other's backlog. */
async function withNode<T>(measure: (node: NodeProcess) => Promise<T>): Promise<T> {
  const dataDir = await mkdtemp(join(values.data ?? tmpdir(), "stele-bench-"));
  const node = await NodeProcess.start(dataDir, PORT);
  try {
    return await measure(node);
  } finally {
    await node.stop();
    await rm(dataDir, { recursive: true });
  }
}

interface Shape {
  readonly name: string;
  readonly connections: number;
  readonly eventsPerRequest: number;
  readonly rate?: number;
}

async function measureWrites(shape: Shape): Promise<void> {
  const { name, ...load } = shape;
  const result = await withNode((node) => runLoad({ url: node.url, path: PATH, seconds, seed: 1, ...load }));
  const rate = result.events / result.seconds;
  const bytes = result.requestBytes / result.latenciesMs.length / load.eventsPerRequest;
  row(
    name,
    `${whole(rate)} events/s`,
    `${fixed(rate / result.floor, 2)} of the floor (${whole(result.floor)}/s)`,
    `p50 ${fixed(percentile(result.latenciesMs, 0.5))} ms, p99 ${fixed(percentile(result.latenciesMs, 0.99))} ms`,
    `${whole(bytes)} B`,
  );
}

console.log(`Machine: ${describeMachine()}`);
console.log(`Command: npm run bench -- ${process.argv.slice(2).join(" ")}\n`);
if (wanted("write")) {
  row(
    "writes",
    "rate",
    "floor: JSON.parse + SHA-256, one core, same run",
    "acknowledged after",
    "event as sent",
  );
  row("---", "---", "---", "---", "---");
  await measureWrites({ name: "batches of 1,000", connections: 8, eventsPerRequest: 1000 });
  await measureWrites({ name: "single events, 64 connections", connections: 64, eventsPerRequest: 1 });
  await measureWrites({
    name: "10,000/s in batches of 10",
    connections: 32,
    eventsPerRequest: 10,
    rate: 10_000,
  });
}
if (wanted("witnessed")) {
  console.log("");
  row("witnessed, two of three local witnesses", "after the acknowledgement");
  row("---", "---");
  for (const [name, figure] of await measureWitnessed(PORT, values.smoke ? 3 : 30, values.data))
    row(name, figure);
}
// It prints a table of its own.
if (wanted("evidence")) await import("./evidence.ts");
if (wanted("verifying")) {
  const dataDir = await mkdtemp(join(values.data ?? tmpdir(), "stele-bench-"));
  const runs = values.smoke ? { pairs: 1, seconds: 2 } : { pairs: 5, seconds: 8 };
  const filled = Math.min(events, 1_000_000);
  try {
    console.log(`\n${whole(filled)} events\n`);
    row("verifying", "figure");
    row("---", "---");
    for await (const [name, figure] of measureVerifying(dataDir, PORT, filled, runs)) row(name, figure);
  } finally {
    await rm(dataDir, { recursive: true });
  }
}
if (wanted("history")) {
  const dataDir = await mkdtemp(join(values.data ?? tmpdir(), "stele-bench-"));
  try {
    console.log(`\n${whole(events)} events\n`);
    row("history", "figure");
    row("---", "---");
    for await (const [name, figure] of measureHistory(dataDir, PORT, events)) row(name, figure);
  } finally {
    await rm(dataDir, { recursive: true });
  }
}
if (wanted("scroll")) {
  const dataDir = await mkdtemp(join(values.data ?? tmpdir(), "stele-bench-"));
  const filled = Math.min(events, 1_048_576);
  const runsMax = values.smoke ? 1 : Infinity;
  try {
    console.log(`\n${whole(filled)} events\n`);
    row("a page of 100 of the newest, from", "0", "0.1 %", "50 %", "99.9 %", "counting all");
    row("---", "---", "---", "---", "---", "---");
    for await (const cells of measureScrolling(dataDir, PORT, filled, runsMax)) row(...cells);
  } finally {
    await rm(dataDir, { recursive: true });
  }
}
