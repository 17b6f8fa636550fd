import {
  decodeBase64,
  encodeBase64,
  leafHash,
  noteVerifier,
  verifyCheckpoint,
  verifyConsistency,
  verifyInclusion,
} from "@stele/proof";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { event, readJson, refusal, serveNode, submit, type ServedNode } from "./testing/served-node.ts";

const ENTRIES = 300;
let served: ServedNode;
let main: string;

beforeAll(async () => {
  served = await serveNode();
  main = `${served.url}/v1/logs/main`;
  await submit(
    served.url,
    Array.from({ length: ENTRIES }, (_, i) =>
      event({ id: `id/${i}`, metadata: { text: "naïve “quotes” \u2028" } }),
    ),
  );
});
afterAll(() => served.close());

interface Found {
  index: number;
  leaf_hash: string;
  entry: { id: string };
  entry_bytes: string;
  proof: { leaf_index: number; tree_size: number; hashes: string[]; checkpoint: string };
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return await readJson<T>(response);
}

describe("an entry", () => {
  it("is read by index and by id", async () => {
    const byIndex = await get<Found>(`${main}/events/7`);
    expect(byIndex).toMatchObject({ index: 7, entry: { v: 1, id: "id/7", action: "document.read" } });
    expect(byIndex).not.toHaveProperty("proof");
    await served.node.log("main")!.search.waitFor(ENTRIES, 5_000);
    expect(await get<Found>(`${main}/events/${encodeURIComponent("id/7")}`)).toEqual(byIndex);
  });

  it("is there as exact bytes, with a proof that verifies", async () => {
    const vkey = served.node.log("main")!.vkey;
    for (const index of [0, 255, 256, ENTRIES - 1]) {
      const response = await fetch(`${main}/events/${index}?proof=1`);
      const text = await response.text();
      const { entry_bytes, leaf_hash, proof }: Found = JSON.parse(text);
      const entry = decodeBase64(entry_bytes);
      expect(text).toContain(`"entry":${Buffer.from(entry).toString()},"entry_bytes":`);
      expect(leaf_hash).toBe(encodeBase64(leafHash(entry)));
      const checkpoint = verifyCheckpoint(Buffer.from(proof.checkpoint), noteVerifier(vkey));
      expect(proof).toMatchObject({ leaf_index: index, tree_size: checkpoint.treeSize });
      const leaf = { leafIndex: index, leafHash: leafHash(entry) };
      verifyInclusion(proof.hashes.map(decodeBase64), leaf, checkpoint);
    }
  });

  it("can be read as soon as it is acknowledged", async () => {
    for (let i = 0; i < 20; i++) {
      const { receipts } = await submit(served.url, [event()], "main");
      const { index, leaf_hash, id } = receipts[0]!;
      expect(await get<Found>(`${main}/events/${index}`)).toMatchObject({ index, leaf_hash, entry: { id } });
    }
  });

  it.each(["9999999", "99999999999999999999999", "no-such-id", "%00"])("is not there: %s", async (key) => {
    expect(await refusal(await fetch(`${main}/events/${key}`))).toMatchObject({
      status: 404,
      error: { code: "entry_unknown" },
    });
  });

  it.each(["0?proof=2", "0?prof=1", "x".repeat(385)])("is asked for badly: %s", async (key) => {
    expect(await refusal(await fetch(`${main}/events/${key}`))).toMatchObject({
      status: 400,
      error: { code: "parameter_malformed" },
    });
  });
});

describe("proofs", () => {
  it("of inclusion verify, at any size", async () => {
    const { node } = served;
    const log = node.log("main")!;
    for (const [index, size] of [
      [0, 1],
      [0, ENTRIES],
      [255, 256],
      [17, 257],
    ] as const) {
      const { hashes } = await get<{ hashes: string[] }>(
        `${main}/proof/inclusion?index=${index}&size=${size}`,
      );
      expect(hashes).toEqual((await log.proveInclusion(index, size)).map(encodeBase64));
    }
    const now = await get<{ tree_size: number; hashes: string[] }>(`${main}/proof/inclusion?index=5`);
    const [entry] = await log.readEntries(5, 6);
    const head = log.head();
    expect(now.tree_size).toBe(head.treeSize);
    verifyInclusion(now.hashes.map(decodeBase64), { leafIndex: 5, leafHash: leafHash(entry!) }, head);
  });

  it("of consistency verify", async () => {
    const older = served.node.log("main")!.head();
    await submit(served.url, [event()]);
    const newer = served.node.log("main")!.head();
    const { from, to, hashes } = await get<{ from: number; to: number; hashes: string[] }>(
      `${main}/proof/consistency?from=${older.treeSize}`,
    );
    expect([from, to]).toEqual([older.treeSize, newer.treeSize]);
    verifyConsistency(hashes.map(decodeBase64), older, newer);
  });

  it.each([
    ["inclusion?index=5&size=5", "index_out_of_range"],
    ["inclusion?index=5&size=100000", "index_out_of_range"],
    ["inclusion?index=9007199254740991", "index_out_of_range"],
    ["inclusion?index=9007199254740992", "parameter_malformed"],
    ["inclusion?index=-1", "parameter_malformed"],
    ["inclusion?index=1.5", "parameter_malformed"],
    ["inclusion?index=", "parameter_malformed"],
    ["inclusion", "parameter_malformed"],
    ["inclusion?index=1&index=2", "parameter_malformed"],
    ["inclusion?index=1&x=2", "parameter_malformed"],
    ["consistency?from=3&to=2", "index_out_of_range"],
    ["consistency?from=3&to=100000", "index_out_of_range"],
    ["consistency?to=3", "parameter_malformed"],
  ])("are not given: %s", async (rest, code) => {
    expect(await refusal(await fetch(`${main}/proof/${rest}`))).toMatchObject({
      status: 400,
      error: { code },
    });
  });
});
