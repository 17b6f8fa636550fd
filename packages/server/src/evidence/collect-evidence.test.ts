import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseQuery } from "@stele/query";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeUtf8, newestKey, parseEvidence, parsePolicy, verifyEvidence } from "@stele/proof";
import { SteleNode } from "../node.ts";
import { TestWitnesses } from "../publish/testing/witnesses.ts";
import { collectEvidence } from "./collect-evidence.ts";
import { unpackEvidence } from "./evidence-file.ts";

const LIMITS = {
  entriesMax: 1_000,
  lengthMax: 1 << 20,
  searchTimeMsMax: 10_000,
  indexWaitMsMax: 10_000,
  witnessWaitMsMax: 10_000,
};

let directory: string;
let witnesses: TestWitnesses;
let node: SteleNode;
let firstKey: string;
let policyText: string;

/** A node whose log two witnesses cosign. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-evidence-"));
  const before = await SteleNode.open({ dataDir: directory });
  firstKey = before.log("main")!.vkey;
  await before.close();
  witnesses = await TestWitnesses.start(2, [firstKey]);
  policyText = witnesses.policyText(2, `log ${firstKey}\n`);
  const policy = parsePolicy(encodeUtf8(policyText));
  node = await SteleNode.open({ dataDir: directory, publishing: { policy, intervalMs: 50 } });
});

afterAll(async () => {
  await node.close();
  await witnesses.close();
  await rm(directory, { recursive: true });
});

async function append(from: number, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ id: `e-${from + i}`, action: "door.opened", actor: { id: "ann" } }),
  );
  await node.log("main")!.append(Buffer.from(lines.join("\n")), { type: "ndjson", encoding: "identity" });
}

async function collect(queryText: string, limits = LIMITS) {
  const query = parseQuery(queryText, { nowMs: 0 });
  const request = { query, queryText, by: undefined, nowMs: 0 };
  const { signal } = new AbortController();
  const file = await collectEvidence(node.log("main")!, request, limits, signal);
  return parseEvidence(unpackEvidence("here", file.bytes));
}

test("takes a checkpoint that the quorum cosigned, and states the policy without addresses", async () => {
  await append(0, 300);
  const evidence = await collect("");
  expect(evidence.policy).not.toContain("http");
  expect(evidence.declared.searchedSize).toBe(300);
  const policy = parsePolicy(encodeUtf8(policyText));
  const { witnessing, entries } = verifyEvidence(evidence, { policy });
  expect([entries.length, witnessing.required, witnessing.reached]).toEqual([300, true, true]);
  expect(verifyEvidence(evidence).witnessing).toMatchObject({ policyFrom: "file", reached: true });
});

test("what no witness could see yet is under the head, and what they saw under what they signed", async () => {
  await witnesses.stop(0);
  await append(300, 5);
  const hasty = { ...LIMITS, witnessWaitMsMax: 0 };
  const newest = await collect("id:e-304", hasty);
  expect(verifyEvidence(newest, { vkey: firstKey })).toMatchObject({
    checkpoint: { treeSize: 305 },
    witnessing: { required: true, reached: false },
  });
  const seen = await collect("id:e-3", hasty);
  expect(seen.declared.searchedSize).toBe(300);
  expect(verifyEvidence(seen, { vkey: firstKey }).witnessing.reached).toBe(true);
  await witnesses.restart(0);
});

test("has the statements by which the keys of the log follow each other", async () => {
  const log = node.log("main")!;
  await log.rotateKey(firstKey);
  await append(305, 1);
  const evidence = await collect("id:e-305", { ...LIMITS, witnessWaitMsMax: 0 });
  expect(evidence.succession).toHaveLength(1);
  const { vkey } = newestKey(log.keys());
  expect(vkey).not.toBe(firstKey);
  for (const key of [firstKey, vkey]) expect(verifyEvidence(evidence, { vkey: key }).keyFrom).toBe("trusted");
  // Made before the key changed, and verified by who knows the new key.
  const older = { ...(await collect("id:e-3")), succession: [] };
  const { statements } = log.keys();
  expect(verifyEvidence(older, { vkey, statements }).entries).toHaveLength(1);
});
