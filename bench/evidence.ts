/**
 * An evidence bundle of 1,000 events, scattered over a log of a million: how large its file is, and how long Node and a browser
 * take to verify it. `node bench/evidence.ts [--smoke]`. The tree is real; of the entries outside of the bundle only the
 * hashes are made.
 */
import { randomFillSync } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ed25519 } from "@noble/curves/ed25519.js";
import { chromium } from "playwright-core";
import { Traffic } from "../packages/cli/src/traffic.ts";
import {
  CompactRange,
  completenessOf,
  cosignatureVerifier,
  decodeUtf8,
  encodeUtf8,
  formatCheckpoint,
  formatVerifierKey,
  makeVerifierKey,
  parseEvidence,
  parsePolicy,
  proveBatchInclusion,
  SIGNATURE_TYPE_COSIGNATURE,
  SIGNATURE_TYPE_ED25519,
  signCosignature,
  signNote,
  formatSignatureLine,
  verifyEvidence,
  type Hash,
} from "../packages/proof/src/index.ts";
import { packEvidence } from "../packages/server/src/evidence/evidence-file.ts";
import { DEFAULT_EVENT_LIMITS } from "../packages/server/src/event/limits.ts";
import { EventNormalizer } from "../packages/server/src/event/normalizer.ts";
import { verifyEvidenceFile } from "../packages/server/src/index.ts";
import { nativeHasher } from "../packages/server/src/log/native-hasher.ts";
import { describeMachine, fixed, percentile, whole } from "./statistics.ts";

const smoke = process.argv.includes("--smoke");
const TREE_SIZE = smoke ? 20_000 : 1_000_000;
const EVENTS = smoke ? 100 : 1_000;
const RUNS = smoke ? 3 : 21;
const ORIGIN = "audit.example.com/logs/main";
const STARTED_AT = Date.UTC(2026, 0, 5);
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Ascending, scattered evenly, the same in each run. */
const indexes = Array.from({ length: EVENTS }, (_, i) => {
  const stride = TREE_SIZE / EVENTS;
  return Math.floor(i * stride) + ((i * 7_919) % Math.floor(stride));
});

/** Entries as a node makes them of simulated events. */
function makeEntries(): string[] {
  const traffic = new Traffic({ seed: 11 });
  const lines = indexes.map((index) => traffic.json(STARTED_AT + index * 250));
  const normalizer = new EventNormalizer({
    limits: DEFAULT_EVENT_LIMITS,
    idHashSeed: { k0: 1, k1: 2 },
    fillRandom: randomFillSync,
  });
  const { bytes } = normalizer.normalize(Buffer.from(lines.join("\n")), "ndjson", "2026-01-05T12:00:00.000Z");
  return Buffer.from(bytes).toString().trimEnd().split("\n");
}

function signerOf(name: string, seed: number, type: 1 | 4) {
  const secret = new Uint8Array(32).fill(seed);
  const key = makeVerifierKey(name, type, ed25519.getPublicKey(secret));
  return { key, sign: (message: Uint8Array) => ed25519.sign(message, secret) };
}

/** A bundle under a checkpoint that three witnesses cosigned, and the policy that asks for two of them. */
async function makeBundle(contents: readonly string[]): Promise<{ file: Uint8Array; policy: string }> {
  const entries = contents.map((entry, i) => ({ leafIndex: indexes[i]!, entry }));
  const wanted = new Map(entries.map(({ leafIndex, entry }) => [leafIndex, Buffer.from(entry)]));
  const nodes = new Map<number, Hash[]>([[0, []]]);
  const range = new CompactRange({
    hasher: nativeHasher,
    onNode: (level, index, hash) => {
      const hashes = nodes.get(level) ?? [];
      hashes[index] = hash;
      nodes.set(level, hashes);
    },
  });
  for (let i = 0; i < TREE_SIZE; i++) {
    const hash = nativeHasher.leaf(wanted.get(i) ?? Buffer.from(String(i)));
    nodes.get(0)!.push(hash);
    range.append(hash);
  }
  const proof = await proveBatchInclusion(
    indexes,
    TREE_SIZE,
    (ids) => Promise.resolve(ids.map(({ level, index }) => nodes.get(level)![index]!)),
    nativeHasher,
  );
  const log = signerOf(ORIGIN, 1, SIGNATURE_TYPE_ED25519);
  const witnesses = [2, 3, 4].map((seed) =>
    signerOf(`witness.example/${seed}`, seed, SIGNATURE_TYPE_COSIGNATURE),
  );
  const text = formatCheckpoint({ origin: ORIGIN, treeSize: TREE_SIZE, root: range.root() });
  let checkpoint = decodeUtf8(await signNote(text, [log]));
  for (const { key, sign } of witnesses) {
    cosignatureVerifier(key);
    checkpoint += `${formatSignatureLine(await signCosignature(text, 1_770_000_000, key, sign))}\n`;
  }
  const policy = [
    `log ${formatVerifierKey(log.key)}`,
    ...witnesses.map(({ key }, i) => `witness w${i} ${formatVerifierKey(key)}`),
    "group most 2 w0 w1 w2",
    "quorum most",
    "",
  ].join("\n");
  const file = packEvidence({
    checkpoint,
    policy,
    succession: [],
    declared: {
      by: "auditor",
      at: "2026-11-21T12:00:00.000Z",
      query: "",
      normalQuery: "",
      searchedSize: TREE_SIZE,
      allMatches: false,
    },
    provable: completenessOf(entries),
    proof,
    entries,
  });
  console.log(`| hashes in the proof | | ${whole(proof.length)} |`);
  return { file, policy };
}

/** In ms: by the clock, and of CPU, which says more on a machine that has other things to do. */
interface Time {
  readonly clock: number;
  readonly cpu: number;
}

async function timesOf(work: () => unknown): Promise<Time[]> {
  const times: Time[] = [];
  for (let i = 0; i < RUNS; i++) {
    const started = performance.now();
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    times.push({ clock: performance.now() - started, cpu: (user + system) / 1000 });
  }
  return times;
}

function row(name: string, aim: string, times: readonly Time[]): void {
  const figures = (["clock", "cpu"] as const).map((kind) => {
    const values = times.map((time) => time[kind]);
    const [lowest, middle] = [Math.min(...values), percentile(values, 0.5)].map((value) => fixed(value));
    return `${kind === "cpu" ? "CPU " : ""}p50 ${middle} ms (lowest ${lowest})`;
  });
  console.log(`| ${name} | ${aim} | ${figures.join("; ")} |`);
}

/** In a new page each time: nothing is compiled yet, as for whoever opens it once. */
async function browserTimes(file: Uint8Array, policy: string): Promise<Time[]> {
  const directory = await mkdtemp(join(tmpdir(), "stele-bench-"));
  const path = join(directory, "bench.stele-evidence");
  await writeFile(path, file);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  const times: Time[] = [];
  try {
    for (let i = 0; i < RUNS; i++) {
      const page = await browser.newPage();
      await page.goto(new URL("../packages/server/assets/verify.html", import.meta.url).href);
      await page.fill("#trusted", policy);
      await page.locator("#trusted").blur();
      const session = await page.context().newCDPSession(page);
      await session.send("Performance.enable", { timeDomain: "threadTicks" });
      const cpu = async (): Promise<number> => {
        const { metrics } = await session.send("Performance.getMetrics");
        return 1000 * metrics.find(({ name }) => name === "TaskDuration")!.value;
      };
      const before = await cpu();
      await page.setInputFiles("#file", path);
      const view = page.locator("#result > section:has(.banner.good)");
      await view.waitFor();
      const clock = Number(await view.getAttribute("data-ms"));
      times.push({ clock, cpu: (await cpu()) - before });
      await page.close();
    }
  } finally {
    await browser.close();
    await rm(directory, { recursive: true });
  }
  return times;
}

console.log(`Machine: ${describeMachine()}\n`);
console.log(
  `| ${whole(EVENTS)} events of a log of ${whole(TREE_SIZE)} | aim | figure |\n| --- | --- | --- |`,
);
const contents = makeEntries();
const entryBytes = contents.reduce((sum, entry) => sum + Buffer.byteLength(entry), 0);
const { file, policy } = await makeBundle(contents);
console.log(`| their bytes | | ${whole(entryBytes)} |`);
console.log(
  `| the file | ≤ ${whole(1.5 * entryBytes + 200_000)} B (1.5 × + 200 KB) | ${whole(file.length)} B, ${fixed(file.length / entryBytes, 2)} × |`,
);
const options = { stateDirectory: tmpdir(), policy: parsePolicy(encodeUtf8(policy)) };
row(
  "verified in Node, as `stele verify` does",
  "≤ 200 ms",
  await timesOf(() => verifyEvidenceFile("bench", file, options)),
);
row(
  "… with the JavaScript of `proof` alone",
  "",
  await timesOf(() => verifyEvidence(parseEvidence(gunzipSync(file)), { policy: options.policy })),
);
if (existsSync(CHROMIUM)) row("verified and shown in Chromium", "≤ 200 ms", await browserTimes(file, policy));
else console.log(`| verified and shown in Chromium | ≤ 200 ms | not measured: there is no ${CHROMIUM} |`);
