import type { SteleClient } from "@stele/client";
import { formatVerifierKey, proveConsistency } from "@stele/proof";
import { expect, test } from "vitest";
import { fetchFrom, ORIGIN, TestLog, testWitness } from "../../../proof/src/testing/test-log.ts";
import type { LogTrust } from "../proof/trust-store.ts";
import { failureOf } from "./log-check-failure.ts";
import { checkLog } from "./log-check.ts";

const log = new TestLog(700);
const vkey = formatVerifierKey(log.signer.key);

/** A node that has the first `treeSize` entries. */
function nodeAt(treeSize: number, note?: Uint8Array) {
  const client: Pick<SteleClient, "keys" | "checkpoint" | "consistencyProof" | "tiles"> = {
    keys: async () => ({ origin: ORIGIN, vkey, keys: [], statements: [] }),
    checkpoint: async () => note ?? (await log.signedCheckpoint(treeSize)),
    consistencyProof: (from, to) => proveConsistency(from, to, log.readHashes),
    tiles: () => fetchFrom(log.resources(treeSize)),
  };
  return client;
}

async function check(treeSize: number, trust: LogTrust, note?: Uint8Array) {
  return await checkLog(nodeAt(treeSize, note), trust, () => undefined);
}

async function seenAt(treeSize: number): Promise<LogTrust> {
  const note = new TextDecoder().decode(await log.signedCheckpoint(treeSize));
  return { remembered: { vkeys: [vkey], sinceMs: 1 }, seen: { note, atMs: 1 } };
}

test("a whole log is what it signed", async () => {
  const found = await check(700, await seenAt(300));
  expect(found).toMatchObject({ treeSize: 700, keySource: "remembered", isBehind: false });
});

test.each([0, 1, 699])("a log that shows %d entries of more that were seen is behind", async (size) => {
  expect(await check(size, await seenAt(700))).toMatchObject({ treeSize: size, isBehind: true });
});

test("an entry that was changed is found", async () => {
  const other = new TestLog(700, (index) => (index === 500 ? "other" : `entry ${index}`));
  const client = { ...nodeAt(700), tiles: () => fetchFrom(other.resources(700)) };
  const failure = await checkLog(client, {}, () => undefined).catch(failureOf);
  expect(failure).toMatchObject({ isFalse: true });
});

test("a policy that a person pinned demands its cosignatures", async () => {
  const witness = testWitness("witness.example", 7);
  const text = `log ${vkey}\nwitness w ${formatVerifierKey(witness.key)}\nquorum w\n`;
  const trust: LogTrust = { pinned: { kind: "policy", text } };
  const failure = await check(700, trust).catch(failureOf);
  expect(failure).toMatchObject({ isFalse: false, code: "cosignatures_too_few" });
  const cosigned = await witness.cosign(await log.signedCheckpoint(700), 1_700_000_000);
  expect(await check(700, trust, cosigned)).toMatchObject({ keySource: "pinned" });
});
