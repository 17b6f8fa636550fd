/*
 * How many checkpoints a second `stele witness` cosigns, each one larger than the one before it. Prints Markdown.
 * `node bench/witness.ts [--smoke] [--data DIRECTORY]`
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import {
  formatAddCheckpoint,
  formatCheckpoint,
  formatVerifierKey,
  proveConsistency,
  signNote,
} from "@stele/proof";
import { TestLog, testSigner } from "../packages/proof/src/testing/test-log.ts";
import { WitnessKey } from "../packages/server/src/witness/index.ts";
import { describeMachine, fixed, percentile, whole } from "./statistics.ts";

const { values } = parseArgs({
  options: { smoke: { type: "boolean", default: false }, data: { type: "string" } },
});
const STEPS = values.smoke ? 20 : 400;
const STELE = new URL("../packages/cli/bin/stele.ts", import.meta.url).pathname;
const tree = new TestLog(STEPS);

/** The requests of one log, each of which extends the one before it. */
async function requestsOf(signer: ReturnType<typeof testSigner>): Promise<Uint8Array[]> {
  const bodies: Uint8Array[] = [];
  for (let oldTreeSize = 0; oldTreeSize < STEPS; oldTreeSize++) {
    const treeSize = oldTreeSize + 1;
    const proof = await proveConsistency(oldTreeSize, treeSize, tree.readHashes);
    const text = formatCheckpoint({ origin: signer.key.name, treeSize, root: tree.roots[treeSize]! });
    bodies.push(formatAddCheckpoint({ oldTreeSize, proof, checkpoint: await signNote(text, [signer]) }));
  }
  return bodies;
}

async function post(url: string, agent: Agent, body: Uint8Array): Promise<number> {
  const sent = request(`${url}/add-checkpoint`, { method: "POST", agent });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode!;
}

async function measure(logCount: number): Promise<void> {
  const directory = await mkdtemp(join(values.data ?? tmpdir(), "stele-bench-"));
  const signers = Array.from({ length: logCount }, (_, i) => testSigner(`log.example/${i}`, i + 1));
  const requests = await Promise.all(signers.map(requestsOf));
  const key = join(directory, "key");
  await WitnessKey.create(key, "witness.example/w1");
  const flags = ["--init", "--key", key, "--state", join(directory, "state"), "--rate", "1000000"];
  const keys = signers.flatMap((signer) => ["--log-key", formatVerifierKey(signer.key)]);
  const child = spawn(process.execPath, [STELE, "witness", "--json", "--port", "0", ...flags, ...keys], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const agent = new Agent({ keepAlive: true });
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  // A log waits for its cosignature before it asks for the next one.
  await Promise.all(
    requests.map(async (bodies) => {
      for (const body of bodies) {
        const sentMs = performance.now();
        const status = await post(url, agent, body);
        if (status !== 200) throw new Error(`The witness answered ${status}`);
        latenciesMs.push(performance.now() - sentMs);
      }
    }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  agent.destroy();
  child.kill();
  await once(child, "exit");
  await rm(directory, { recursive: true });
  const figures = [
    `${logCount}`,
    `${whole(latenciesMs.length / seconds)} cosignatures/s`,
    `p50 ${fixed(percentile(latenciesMs, 0.5))} ms, p99 ${fixed(percentile(latenciesMs, 0.99))} ms`,
  ];
  console.log(`| ${figures.join(" | ")} |`);
}

console.log(`Machine: ${describeMachine()}`);
console.log(`Command: node bench/witness.ts ${process.argv.slice(2).join(" ")}\n`);
console.log("| logs at a time | rate | answered after |\n| --- | --- | --- |");
for (const logCount of [1, 8, 64]) await measure(logCount);
