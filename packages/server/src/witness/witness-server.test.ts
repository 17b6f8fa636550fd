import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import {
  cosignatureVerifier,
  formatAddCheckpoint,
  formatNote,
  parseNote,
  verifyCheckpoint,
  verifyMisbehaviour,
  proveConsistency,
  formatVerifierKey,
  decodeUtf8,
} from "@stele/proof";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ORIGIN, TestLog } from "../../../proof/src/testing/test-log.ts";
import { WITNESS_ERRORS } from "./errors.ts";
import type { RunningWitness } from "./start-witness.ts";
import { get, post, testSigner, WitnessRig } from "./testing/witness-rig.ts";
import { originHash } from "./witnessed-logs.ts";

let rig: WitnessRig;
let witness: RunningWitness;

beforeEach(async () => {
  rig = await WitnessRig.make();
  witness = await rig.start({ init: true });
});
afterEach(async () => {
  await witness.close();
  await rig.remove();
});

const ask = (body: Uint8Array | string) => post(witness.url, body);
const form = (checkpoint: Uint8Array) => formatAddCheckpoint({ oldTreeSize: 0, proof: [], checkpoint });
const askFor = async (oldSize: number, size: number, log?: TestLog) =>
  ask(await rig.request(oldSize, size, log));
/** Status and code of an error's answer. */
async function refused(body: Uint8Array | string): Promise<[number, string]> {
  const { status, text } = await ask(body);
  return [status, (JSON.parse(text) as { error: { code: string } }).error.code];
}

it("200: cosigns the first checkpoint, and each that extends it", async () => {
  let last = 0;
  for (const size of [1, 2, 3, 7, 8, 20, 40]) {
    const { status, type, text } = await askFor(last, size);
    expect([status, type]).toEqual([200, "text/plain; charset=utf-8"]);
    expect(await rig.timeOf(text, size)).toBeGreaterThan(1_700_000_000);
    last = size;
  }
});

it("200: the empty tree first, then anything", async () => {
  expect((await askFor(0, 0)).status).toBe(200);
  expect((await askFor(0, 0)).status).toBe(200);
  expect((await askFor(0, 5)).status).toBe(200);
});

it("400: what is not a request, and an old size that is larger than the checkpoint's", async () => {
  const good = decodeUtf8(await rig.request(0, 5));
  for (const bad of [
    "",
    "old 0\n",
    good.replace("old 0", "old 00"),
    good.replace("old", "new"),
    good.slice(0, -1),
  ]) {
    expect(await refused(bad)).toEqual([400, "request_malformed"]);
  }
  expect(await refused(good.replace("\n5\n", "\n05\n"))).toEqual([400, "request_malformed"]);
  expect(await refused(good.replace("old 0", "old 6"))).toEqual([400, "old_size_larger"]);
});

it("403: no trusted key signed, or one did wrongly", async () => {
  const stranger = testSigner(ORIGIN, 77);
  expect(await refused(form(await rig.sign(5, { signers: [stranger] })))).toEqual([
    403,
    "checkpoint_not_trusted",
  ]);

  const { text, signatures } = parseNote(await rig.log.signedCheckpoint(5));
  const [right] = signatures;
  const wrong = { ...right!, signature: right!.signature.with(9, right!.signature[9]! ^ 1) };
  expect(await refused(form(formatNote(text, [wrong])))).toEqual([403, "checkpoint_not_trusted"]);
  expect(await refused(form(formatNote(text, [right!, wrong])))).toEqual([403, "checkpoint_not_trusted"]);
  // Signatures by strangers beside the log's are passed over.
  expect((await ask(form(await rig.sign(5, { signers: [stranger, rig.log.signer] })))).status).toBe(200);
});

it("404: an origin that it has no key of", async () => {
  const origin = "log.example/other";
  for (const signer of [testSigner(origin, 1), rig.log.signer]) {
    const checkpoint = await rig.sign(5, { origin, signers: [signer] });
    expect(await refused(formatAddCheckpoint({ oldTreeSize: 0, proof: [], checkpoint }))).toEqual([
      404,
      "log_not_witnessed",
    ]);
  }
});

async function expectSize(body: Uint8Array, size: number): Promise<void> {
  const { status, type, text } = await ask(body);
  expect([status, type, text]).toEqual([409, "text/x.tlog.size", `${size}\n`]);
}

it("409 with the size, if the old size is not what it cosigned last", async () => {
  await expectSize(await rig.request(3, 5), 0);
  await askFor(0, 10);
  await expectSize(await rig.request(0, 20), 10);
  await expectSize(await rig.request(9, 20), 10);
  await expectSize(await rig.request(11, 20), 10);
  // No way back, not even with a proof of nothing.
  await expectSize(await rig.request(0, 5), 10);
  await expectSize(await rig.request(5, 5), 10);
  expect((await askFor(10, 20)).status).toBe(200);
});

it("422: a proof that does not verify, one where there must be none, another root for a size", async () => {
  const inconsistent = [422, "checkpoint_inconsistent"];
  const checkpoint = await rig.log.signedCheckpoint(5);
  const proof = await proveConsistency(3, 5, rig.log.readHashes);
  expect(await refused(formatAddCheckpoint({ oldTreeSize: 0, proof, checkpoint }))).toEqual(inconsistent);
  const emptyWrong = await rig.sign(0, { root: rig.log.roots[1]! });
  expect(await refused(formatAddCheckpoint({ oldTreeSize: 0, proof: [], checkpoint: emptyWrong }))).toEqual(
    inconsistent,
  );

  await askFor(0, 10);
  expect(await refused(await rig.request(10, 20, rig.fork))).toEqual(inconsistent);
  expect(await refused(await rig.request(10, 10, rig.fork))).toEqual(inconsistent);
  const to20 = await rig.log.signedCheckpoint(20);
  const right = await proveConsistency(10, 20, rig.log.readHashes);
  for (const wrong of [[], right.slice(1), [...right, right[0]!], right.toReversed()]) {
    expect(await refused(formatAddCheckpoint({ oldTreeSize: 10, proof: wrong, checkpoint: to20 }))).toEqual(
      inconsistent,
    );
  }
  expect((await askFor(10, 20)).status).toBe(200);
});

it("keeps and tells of a log that signed two trees of one size", async () => {
  await witness.close();
  const told: [string, string][] = [];
  witness = await rig.start({ onContradiction: (origin, path) => told.push([origin, path]) });
  await askFor(0, 10);
  for (let i = 0; i < 3; i++) await askFor(10, 10, rig.fork);
  await expect.poll(() => told).toEqual([[ORIGIN, expect.stringMatching(/\/misbehaviour\/.*-0{14}10\./)]]);
  const { older, newer } = verifyMisbehaviour(await readFile(told[0]![1]), rig.log.verifier);
  expect([older.treeSize, newer.treeSize]).toEqual([10, 10]);
  expect((await get(witness.url, "/metrics")).text).toContain("stele_witness_contradictions_total 3");
});

it("the same size again renews the time, which never goes back", async () => {
  await witness.close();
  let nowMs = 1_800_000_000_000;
  witness = await rig.start({ nowMs: () => nowMs });
  const times: number[] = [];
  for (const [oldSize, size, stepMs] of [
    [0, 5, 0],
    [5, 5, 5_000],
    [5, 5, -60_000],
    [5, 8, -60_000],
    [8, 8, 200_000],
  ] as const) {
    nowMs += stepMs;
    times.push((await rig.timeOf((await askFor(oldSize, size)).text, size)) - 1_800_000_000);
  }
  expect(times).toEqual([0, 5, 5, 5, 85]);

  nowMs = -5_000;
  await witness.close();
  witness = await rig.start({ nowMs: () => nowMs });
  expect(await rig.timeOf((await askFor(8, 8)).text, 8)).toBe(1_800_000_085);
});

it("never dates a cosignature 0", async () => {
  await witness.close();
  witness = await rig.start({ nowMs: () => 0 });
  expect(await rig.timeOf((await askFor(0, 5)).text, 5)).toBe(1);
});

it("shows the newest checkpoint, with the log's signature and its own", async () => {
  const path = `/${originHash(ORIGIN)}/checkpoint`;
  expect((await get(witness.url, path)).status).toBe(404);
  expect((await get(witness.url, `/${originHash("log.example/other")}/checkpoint`)).status).toBe(404);
  for (const treeSize of [3, 9]) {
    await askFor(treeSize === 9 ? 3 : 0, treeSize);
    const { status, text } = await get(witness.url, path);
    expect(status).toBe(200);
    const checkpoint = verifyCheckpoint(Buffer.from(text), rig.log.verifier, {
      witnesses: [cosignatureVerifier(witness.vkey)],
      quorum: (cosigned) => cosigned.size === 1,
    });
    expect(checkpoint.treeSize).toBe(treeSize);
  }
});

it("takes each of several keys of one log", async () => {
  await witness.close();
  const newer = testSigner(ORIGIN, 5);
  const logKeys = [rig.log.signer, newer].map(({ key }) => formatVerifierKey(key));
  witness = await rig.start({ logKeys });
  const step = async (oldTreeSize: number, treeSize: number, signers: (typeof newer)[]) => {
    const proof = await proveConsistency(oldTreeSize, treeSize, rig.log.readHashes);
    const checkpoint = await rig.sign(treeSize, { signers });
    return (await ask(formatAddCheckpoint({ oldTreeSize, proof, checkpoint }))).status;
  };
  expect(await step(0, 5, [rig.log.signer])).toBe(200);
  expect(await step(5, 8, [rig.log.signer, newer])).toBe(200);
  expect(await step(8, 9, [newer])).toBe(200);
  const { text } = await get(witness.url, `/${originHash(ORIGIN)}/checkpoint`);
  expect(parseNote(Buffer.from(text)).signatures.map(({ keyId }) => keyId)).toEqual([
    newer.key.keyId,
    rig.key.key.keyId,
  ]);
});

it("429 beyond the rate of a log, and growing has a limit of its own", async () => {
  await witness.close();
  let nowMs = 1_800_000_000_000;
  witness = await rig.start({ requestsPerSecond: 2, nowMs: () => (nowMs += 1_000) });
  await askFor(0, 5);
  const answers = await Promise.all(Array.from({ length: 20 }, () => askFor(5, 5)));
  const limited = answers.filter(({ status }) => status === 429);
  expect(limited.length).toBeGreaterThan(10);
  expect(limited[0]!.headers.get("retry-after")).toBe("1");
  expect((await askFor(5, 8)).status).toBe(200);
});

const flood = (body: Uint8Array) => Promise.all(Array.from({ length: 20 }, () => ask(body)));

it("a stranger who repeats the log's newest checkpoint does not keep the log from having it cosigned", async () => {
  await witness.close();
  witness = await rig.start({ requestsPerSecond: 4 });
  await askFor(0, 5);
  const checkpoint = await rig.log.signedCheckpoint(8);
  const wrong = formatAddCheckpoint({ oldTreeSize: 5, proof: [], checkpoint });
  const refusals = await flood(wrong);
  expect(new Set(refusals.map(({ status }) => status))).toEqual(new Set([422, 429]));
  await flood(form(checkpoint));
  expect((await askFor(5, 8)).status).toBe(200);
  // Nor another node of the log: it is told the size, and gets the cosignature of this second.
  await flood(await rig.request(8, 8));
  await flood(
    formatAddCheckpoint({ oldTreeSize: 8, proof: [], checkpoint: await rig.log.signedCheckpoint(9) }),
  );
  await expectSize(await rig.request(5, 8), 8);
  expect((await askFor(8, 9)).status).toBe(200);
});

it("answers health and metrics, and nothing else", async () => {
  await askFor(0, 5);
  expect((await get(witness.url, "/healthz")).status).toBe(200);
  const { text } = await get(witness.url, "/metrics");
  expect(text).toContain("stele_witness_cosigned_logs 1");
  expect(text).toContain('route="/add-checkpoint",code="ok"} 1');
  for (const path of ["/", "/add-checkpoint", `/${"A".repeat(64)}/checkpoint`, "/x/checkpoint"]) {
    expect((await get(witness.url, path)).status).toBe(404);
  }
  expect((await fetch(`${witness.url}/healthz`, { method: "POST", body: "x" })).status).toBe(404);
});

it("413 for a body that is too large, told or not", async () => {
  expect(await refused(new Uint8Array((1 << 17) + 1))).toEqual([413, "body_too_large"]);
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1 << 16)),
  });
  const streamed = fetch(`${witness.url}/add-checkpoint`, { method: "POST", body, duplex: "half" });
  expect((await streamed).status).toBe(413);
});

it("survives a client that goes away", async () => {
  const { port, hostname } = new URL(witness.url);
  const socket = connect(Number(port), hostname);
  socket.write("POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nold");
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.destroy();
  expect((await askFor(0, 5)).status).toBe(200);
});

it("its errors are the table of docs/operate/witness-server.md", async () => {
  const page = await readFile(new URL("../../../../docs/operate/witness-server.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| (\d{3}) +\| ((?:`\w+`(?:, )?)+) +\|/gm)];
  const documented = rows.flatMap(([, status, codes]) =>
    [...codes!.matchAll(/\w+/g)].map(([code]) => [code, Number(status)]),
  );
  const all = Object.entries(WITNESS_ERRORS).map(([code, [status]]) => [code, status]);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(all));
});
