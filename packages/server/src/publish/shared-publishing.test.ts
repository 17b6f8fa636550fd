import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkpointPolicy, noteVerifier, verifyCheckpoint, verifyConsistency } from "@stele/proof";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Anchors } from "../anchor/anchors.ts";
import { LogSecret } from "../log/signer/log-secret.ts";
import { openKeySource } from "../log/signer/open-key-source.ts";
import { SteleNode } from "../node.ts";
import { openSharedHome } from "../open-stores.ts";
import { FileStore } from "../store/file-store.ts";
import { verifyStoreLog } from "../verify/verify-store.ts";
import { TestWitnesses } from "./testing/witnesses.ts";

let directory: string;
let witnesses: TestWitnesses;
let vkey: string;
let nodes: SteleNode[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-shared-publish-"));
  await LogSecret.create(join(directory, "key"));
  const first = await openNode("a", undefined);
  ({ vkey } = first.log("main")!);
  await first.close();
  witnesses = await TestWitnesses.start(3, [vkey]);
  nodes = [await openNode("a", witnesses), await openNode("b", witnesses)];
});

afterEach(async () => {
  for (const node of nodes) await node.close();
  await witnesses.close();
  await rm(directory, { recursive: true });
});

async function openNode(name: string, asked: TestWitnesses | undefined): Promise<SteleNode> {
  const dataDir = join(directory, name);
  const shared = { journal: `file://${directory}/store`, vaultLock: "none" as const };
  const sources = [await openKeySource(join(directory, "key"))];
  const { home, probed } = await openSharedHome(dataDir, shared, sources, [], () => undefined);
  await probed;
  const publishing = asked && { policy: asked.policy(2), intervalMs: 50 };
  return await SteleNode.open({ dataDir, home, ...(publishing && { publishing }) });
}

async function append(node: SteleNode): Promise<number> {
  const line = `${JSON.stringify({ action: "a.b", actor: { id: "alice" } })}\n`;
  const format = { type: "ndjson", encoding: "identity" } as const;
  return (await node.log("main")!.append(Buffer.from(line), format)).treeSize;
}

const store = () => {
  const path = join(directory, "store");
  return new FileStore({ journal: path, vault: path, timeoutMs: 5_000 });
};

async function verifyStore(threshold: number) {
  return await verifyStoreLog(store(), "main", {
    policy: witnesses.policy(threshold),
    columns: false,
    stateDirectory: join(directory, "seen"),
    tempDirectory: join(directory, "temp"),
  });
}

it("a store satisfies a policy by its anchors", async () => {
  const log = nodes[0]!.log("main")!;
  const size = await append(nodes[0]!);
  await expect(verifyStore(2)).rejects.toMatchObject({ code: "published_missing" });
  const anchors = new Anchors(store().objects("main"));
  await witnesses.stop(2);
  await vi.waitFor(() => expect(log.status().witnessedSize).toBe(size), { timeout: 30_000 });
  const published = log.published();
  await anchors.keep(published.treeSize, published.note);
  expect(await verifyStore(2)).toMatchObject({
    treeSize: size,
    witnessed: {
      treeSize: size,
      witnesses: expect.arrayContaining([expect.objectContaining({ name: "witness.example/0" })]),
    },
  });
  // An anchor that lacks witnesses does not take the place of one that has them.
  await append(nodes[0]!);
  await anchors.keep(size + 1, log.head().note);
  expect(await verifyStore(2)).toMatchObject({ treeSize: size + 1, witnessed: { treeSize: size } });
});

it("each node has its own head cosigned by the same witnesses, and none is alarmed by the other", async () => {
  const published = nodes.map((node) => [node.log("main")!.published()]);
  for (const [i, node] of nodes.entries()) node.log("main")!.onPublished((next) => published[i]!.push(next));
  for (let i = 0; i < 15; i++) await Promise.all(nodes.map(append));
  await vi.waitFor(
    () => {
      for (const node of nodes) expect(node.log("main")!.status().witnessedSize).toBe(30);
    },
    { timeout: 30_000, interval: 50 },
  );
  for (const [i, node] of nodes.entries()) {
    const log = node.log("main")!;
    expect(node.alarms.active).toEqual([]);
    for (const [n, next] of published[i]!.entries()) {
      if (n === 0) continue;
      const before = published[i]![n - 1]!;
      verifyCheckpoint(next.note, noteVerifier(vkey), checkpointPolicy(witnesses.policy(2)));
      expect(next.treeSize).toBeGreaterThan(before.treeSize);
      const proof = before.treeSize === 0 ? [] : await log.proveConsistency(before.treeSize, next.treeSize);
      verifyConsistency(proof, before, next);
    }
  }
});
