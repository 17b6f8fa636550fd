import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { NodeProcess, WitnessProcess } from "./processes.ts";
import { fixed, percentile } from "./statistics.ts";

const WITNESSES = 3;
const POLL_MS = 10;

interface Appended {
  readonly leafIndex: number;
  readonly atMs: number;
}

/**
 * How long after its acknowledgement an event is under a checkpoint that two of three witnesses cosigned, all in processes of
 * their own on this machine, at the default interval. Asked every 10 ms, so it is told up to so much too late.
 */
export async function measureWitnessed(
  port: number,
  seconds: number,
  parent = tmpdir(),
): Promise<[string, string][]> {
  const directory = await mkdtemp(join(parent, "stele-bench-"));
  const data = join(directory, "data");
  const first = await NodeProcess.start(data, port);
  const { vkey } = await logOf(first.url);
  await first.stop();
  const witnesses = await Promise.all(
    Array.from({ length: WITNESSES }, (_, i) =>
      WitnessProcess.start(join(directory, `w${i}`), `w${i}`, vkey),
    ),
  );
  const policy = join(directory, "policy");
  const lines = witnesses.map((witness, i) => `witness w${i} ${witness.vkey} ${witness.url}\n`).join("");
  await writeFile(policy, `${lines}group two 2 w0 w1 w2\nquorum two\n`);
  const node = await NodeProcess.start(data, port, ["--policy", policy]);
  try {
    return [
      ["one event every 3 s", await witnessedAfter(node.url, Math.max(seconds, 7), 3_000)],
      ["20 events a second", await witnessedAfter(node.url, seconds, 50)],
    ];
  } finally {
    await node.stop();
    for (const witness of witnesses) await witness.stop();
    await rm(directory, { recursive: true });
  }
}

async function witnessedAfter(url: string, seconds: number, everyMs: number): Promise<string> {
  const waiting: Appended[] = [];
  const latenciesMs: number[] = [];
  const end = performance.now() + seconds * 1000;
  const poll = async (): Promise<void> => {
    while (performance.now() < end || waiting.length > 0) {
      const { witnessed_size } = await logOf(url);
      const nowMs = performance.now();
      while (waiting[0] && waiting[0].leafIndex < witnessed_size)
        latenciesMs.push(nowMs - waiting.shift()!.atMs);
      await sleep(POLL_MS);
    }
  };
  const write = async (): Promise<void> => {
    for (let due = performance.now(); due < end; due += everyMs) {
      await sleep(Math.max(0, due - performance.now()));
      const response = await fetch(`${url}/v1/logs/main/events`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ action: "bench.event", actor: { id: "bench" } }),
      });
      const { receipts } = (await response.json()) as { receipts: { index: number }[] };
      waiting.push({ leafIndex: receipts[0]!.index, atMs: performance.now() });
    }
  };
  await Promise.all([write(), poll()]);
  const [p50, p99] = [percentile(latenciesMs, 0.5), percentile(latenciesMs, 0.99)];
  return `p50 ${fixed(p50, 0)} ms, p99 ${fixed(p99, 0)} ms (${latenciesMs.length} events)`;
}

async function logOf(url: string): Promise<{ vkey: string; witnessed_size: number }> {
  return (await (await fetch(`${url}/v1/logs/main`)).json()) as { vkey: string; witnessed_size: number };
}
