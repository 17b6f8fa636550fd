import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SteleClient } from "@stele/client";
import { LogSecret, startNode, type RunningNode } from "@stele/server";
import { afterEach, beforeEach, expect, it } from "vitest";
import { stele } from "../testing/stele-process.ts";

let directory: string;
const running: RunningNode[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-nodes-"));
  await LogSecret.create(join(directory, "key"));
});
afterEach(async () => {
  for (const node of running.splice(0)) await node.close();
  await rm(directory, { recursive: true, force: true });
});

async function start(nodeName: string, shared = true): Promise<RunningNode> {
  const node = await startNode({
    dataDir: join(directory, nodeName),
    nodeName,
    port: 0,
    ...(shared && {
      shared: { journal: `file://${directory}/store`, vaultLock: "none" },
      keys: [join(directory, "key")],
    }),
  });
  running.push(node);
  return node;
}

const clientOf = ({ url }: RunningNode): SteleClient => new SteleClient({ endpoints: [url] });

it("shows the nodes of a store to each other, through the store alone", async () => {
  const [a, b] = [await start("node-a"), await start("node-b")];
  await clientOf(a).append([{ action: "a.b", actor: { id: "alice" } }]);
  const namesAt = async (node: RunningNode) =>
    (await clientOf(node).nodes()).nodes.map(({ name, isSelf }) => [name, isSelf]);
  await expect
    .poll(() => namesAt(a), { timeout: 20_000 })
    .toEqual([
      ["node-a", true],
      ["node-b", false],
    ]);
  await expect
    .poll(() => namesAt(b), { timeout: 20_000 })
    .toEqual([
      ["node-b", true],
      ["node-a", false],
    ]);
  const { nodes, reason } = await clientOf(a).nodes();
  expect(reason).toBeUndefined();
  expect(nodes[0]).toMatchObject({ state: "ready", logs: [{ name: "main", treeSize: 1, writable: true }] });
  expect(nodes[0]!.id).not.toBe(nodes[1]!.id);
  expect(await readdir(join(directory, "store/nodes"))).toHaveLength(2);

  const { out, code } = await stele(["status", "--url", `${a.url},${b.url}`]);
  expect(code).toBe(0);
  expect(out).toMatch(/^ {2}node {4}node-a {2}ready, version \S+; \d+\.\d events\/s; said so now$/m);
  expect(out).toMatch(/^ {2}node {4}node-b {2}ready, version \S+; 0\.0 events\/s; said so \d+\.?\d* s ago$/m);

  // Whoever stops takes back what it said.
  await running.pop()!.close();
  await expect.poll(() => namesAt(a), { timeout: 20_000 }).toEqual([["node-a", true]]);
});

it("shows the one node of a directory, and its history", async () => {
  const node = await start("alone", false);
  const { nodes } = await clientOf(node).nodes();
  expect(nodes.map(({ name, age, isSelf }) => [name, age, isSelf])).toEqual([["alone", 0, true]]);
  const { stepSeconds, series, from } = await clientOf(node).history("6h");
  expect(stepSeconds).toBe(10);
  expect(Date.parse(from) % 10_000).toBe(0);
  const size = series.find(({ name, labels }) => name === "tree_size" && labels["log"] === "main")!;
  expect(size.values).toHaveLength(2_160);
  expect(size.values.findLast((value) => value !== null)).toBe(0);
  const names = new Set(series.map(({ name }) => name));
  for (const name of ["resident_bytes", "requests_per_second", "alarms_active", "tails", "queue_bytes"]) {
    expect(names).toContain(name);
  }
  const refused = await fetch(`${node.url}/v1/metrics/history?range=1y`);
  expect(refused.status).toBe(400);
  expect((await stele(["status", "--url", node.url])).out).not.toContain("  node ");
});
