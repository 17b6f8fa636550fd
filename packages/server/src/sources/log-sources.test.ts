import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LogSecret } from "../log/signer/log-secret.ts";
import { openKeySource } from "../log/signer/open-key-source.ts";
import { SteleNode } from "../node.ts";
import { openSharedHome } from "../open-stores.ts";
import { sourceOfEntry } from "./entry-source.ts";
import { sourcesJson } from "./source-json.ts";
import { SourceTable } from "./source-table.ts";
import { SourceWatch } from "./source-watch.ts";

let directory: string;
const nodes: SteleNode[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-sources-"));
});
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
  await rm(directory, { recursive: true, force: true });
});

async function open(name = "a", isShared = false): Promise<SteleNode> {
  const dataDir = join(directory, name);
  const options = { dataDir, segmentEntries: 256, sealAfterMs: 1e9 };
  if (!isShared) {
    const node = await SteleNode.open(options);
    nodes.push(node);
    return node;
  }
  const shared = { journal: `file://${directory}/store`, vaultLock: "none" as const };
  const keys = [await openKeySource(join(directory, "key"))];
  const { home, probed } = await openSharedHome(dataDir, shared, keys, [], () => undefined);
  await probed;
  const node = await SteleNode.open({ ...options, home });
  nodes.push(node);
  return node;
}

async function close(node: SteleNode): Promise<void> {
  nodes.splice(nodes.indexOf(node), 1);
  await node.close();
}

async function append(node: SteleNode, events: readonly object[]): Promise<void> {
  const lines = events.map((event) => `${JSON.stringify({ action: "a.b", actor: { id: "x" }, ...event })}\n`);
  const format = { type: "ndjson", encoding: "identity" } as const;
  await node.log("main")!.append(Buffer.from(lines.join("")), format);
}

const tenMinutesOn = () => Date.now() + 600_000;
const of = (id: string, seq: number) => ({ source: { id, seq } });

/** What the node says, when it has read everything. */
async function told(node: SteleNode) {
  const log = node.log("main")!;
  await expect.poll(() => log.sources.isLoading, { timeout: 20_000 }).toBe(false);
  return sourcesJson(log.sources.table, undefined, 1_000);
}

/** When everything that fills a segment is in one. */
async function sealed(node: SteleNode): Promise<void> {
  const log = node.log("main")!;
  const size = Math.floor(log.head().treeSize / 256) * 256;
  await expect.poll(() => log.status().sealedSize, { timeout: 20_000 }).toBe(size);
}

/** By adding every entry, one by one. */
async function recomputed(node: SteleNode) {
  const log = node.log("main")!;
  const table = new SourceTable();
  const { treeSize } = log.head();
  for (const [index, entry] of (await log.readEntries(0, treeSize)).entries()) {
    const source = sourceOfEntry(entry, index);
    if (source) table.add(source);
    table.size = index + 1;
  }
  return sourcesJson(table, undefined, 1_000);
}

function someEvents(seed: number, count: number): object[] {
  let state = seed;
  const random = (below: number) =>
    ((state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16) % below;
  return Array.from({ length: count }, () => {
    if (random(5) === 0) return {};
    const id = `s${random(4)}`;
    if (random(40) === 0)
      return { action: "stele.source.declared", source: { id }, metadata: { heartbeat_seconds: random(90) } };
    return random(10) === 0 ? { source: { id } } : of(id, random(400));
  });
}

it("is what the entries say: live, sealed, after restarts, from the cache and without it", async () => {
  let node = await open();
  for (let round = 0; round < 3; round++) {
    await append(node, someEvents(round + 1, 300));
    expect(await told(node)).toEqual(await recomputed(node));
    await sealed(node);
    await append(node, someEvents(round + 10, 70));
    await close(node);
    if (round === 1) await rm(join(directory, "a", "cache", "main", "sources.json"));
    node = await open();
    const answer = await told(node);
    expect(answer).toEqual(await recomputed(node));
    expect(answer.tree_size).toBe((round + 1) * 370);
    expect(answer.sources).toHaveLength(4);
  }
});

it("is the same at each node of a store", async () => {
  await LogSecret.create(join(directory, "key"));
  const [a, b] = [await open("a", true), await open("b", true)];
  for (let round = 0; round < 4; round++) await append(round % 2 === 0 ? a : b, someEvents(round, 100));
  for (const node of [a, b]) await node.log("main")!.refresh(0);
  expect(await told(b)).toEqual(await told(a));
  await sealed(a);
  const late = await open("c", true);
  expect(await told(late)).toEqual(await told(a));
  expect(await told(late)).toEqual(await recomputed(late));
});

describe("alarms", () => {
  it("tell of gaps that stay and sources that are silent, and are over by themselves", async () => {
    const node = await open();
    await append(node, [of("gappy", 1), of("gappy", 4), of("fine", 1), of("fine", 2)]);
    await append(node, [
      { action: "stele.source.declared", source: { id: "beat" }, metadata: { heartbeat_seconds: 60 } },
    ]);
    await told(node);
    let nowMs = Date.now();
    const { sources } = node.log("main")!;
    const watch = new SourceWatch({
      log: "main",
      sources,
      board: node.alarms,
      gapAfterMs: 300_000,
      now: () => nowMs,
    });
    const active = () => {
      watch.look();
      return node.alarms.active.map(({ code, subject }) => `${code} ${subject}`);
    };
    expect(active()).toEqual([]);
    nowMs += 100_000;
    expect(active()).toEqual(["source_silent source beat"]);
    nowMs += 300_000;
    expect(active()).toEqual(["source_silent source beat", "source_gap source gappy"]);
    await append(node, [of("gappy", 2), of("gappy", 3)]);
    await append(node, [{ action: "stele.source.declared", source: { id: "beat" } }]);
    expect(active()).toEqual([]);
  });

  it("of very many sources are a few, and one for the rest", async () => {
    const node = await open();
    await append(node, Array.from({ length: 50 }, (_, i) => [of(`s${i}`, 1), of(`s${i}`, 3)]).flat());
    await told(node);
    const { sources } = node.log("main")!;
    const board = node.alarms;
    new SourceWatch({ log: "main", sources, board, gapAfterMs: 1, now: tenMinutesOn }).look();
    new SourceWatch({ log: "main", sources, board, gapAfterMs: 1, now: tenMinutesOn }).look();
    expect(board.active).toHaveLength(21);
    expect(board.active.find(({ subject }) => subject === "*")?.message).toMatch(/^30 more/);
  });
});
