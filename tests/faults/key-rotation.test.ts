import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { followSuccession, verifyCheckpoint } from "@stele/proof";
import { readLogFile, verifyLogDirectory } from "../../packages/server/src/index.ts";
import { NodeProcess } from "./node-process.ts";
import { tilesOf } from "./observer.ts";

const KILLS = 10;

interface Keys {
  readonly vkey: string;
  readonly keys: readonly { readonly vkey: string; readonly retired: boolean }[];
  readonly statements: readonly string[];
}

let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "stele-rotate-"));
});

afterAll(() => rm(dataDir, { recursive: true }));

const keysOf = async (url: string): Promise<Keys> =>
  (await (await fetch(`${url}/v1/logs/main/keys`)).json()) as Keys;
/** Until the node is gone. */
const endlessly = async (work: () => Promise<void>, isAlive: () => boolean): Promise<void> => {
  while (isAlive()) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      await sleep(1);
    }
  }
};

it(`kill -9 while keys change, ${KILLS} times: nothing acknowledged is lost, and every key leads to the newest`, async () => {
  let node = await NodeProcess.start({ dataDir });
  const { vkey: first } = await readLogFile(join(dataDir, "logs", "main"));
  const acknowledged = new Set<string>();
  const checkpoints: Uint8Array[] = [];
  let number = 0;
  let seen = 0;
  /** Resolves with the first change of a round; then the kill hits whatever is under way. */
  let changed = Promise.withResolvers<void>();
  let random = 7;

  const append = async (url: string): Promise<void> => {
    const id = `event-${number++}`;
    const body = JSON.stringify({ id, action: "a.b", actor: { id: "u" } });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/v1/logs/main/events`, { method: "POST", headers, body });
    expect(response.status).toBe(201);
    await response.arrayBuffer();
    acknowledged.add(id);
  };
  const change = async (url: string): Promise<void> => {
    const { vkey, keys } = await keysOf(url);
    const old = keys.slice(0, -1).find(({ retired }) => !retired);
    const path = old
      ? `retire?vkey=${encodeURIComponent(old.vkey)}`
      : `rotate?current=${encodeURIComponent(vkey)}`;
    const response = await fetch(`${url}/v1/logs/main/key/${path}`, { method: "POST" });
    await response.arrayBuffer();
    // 409: no commit with the new key yet.
    expect([200, 409]).toContain(response.status);
    if (response.status === 200) changed.resolve();
  };
  for (let kill = 0; kill < KILLS; kill++) {
    let alive = true;
    changed = Promise.withResolvers();
    const { url } = node;
    const isAlive = (): boolean => alive;
    const work = [
      endlessly(() => append(url), isAlive),
      endlessly(() => append(url), isAlive),
      endlessly(() => change(url), isAlive),
      endlessly(async () => {
        const note = await tilesOf(url)("checkpoint");
        if (checkpoints.length < 500) checkpoints.push(note);
      }, isAlive),
    ];
    random = (random * 48_271) % 2_147_483_647;
    await changed.promise;
    await sleep(random % 60);
    alive = false;
    await node.kill();
    await Promise.all(work);
    node = await NodeProcess.start({ dataDir });
    const { statements } = await keysOf(node.url);
    expect(statements.length).toBeGreaterThanOrEqual(seen);
    seen = statements.length;
  }
  await append(node.url);
  const { statements, keys } = await keysOf(node.url);
  const log = followSuccession(
    first,
    statements.map((text) => Buffer.from(text)),
  );
  for (const note of checkpoints) verifyCheckpoint(note, log);
  await node.stop();
  expect(statements.length).toBeGreaterThanOrEqual(KILLS);

  const seenAt = join(dataDir, "verifier");
  for (const key of [first, keys[Math.floor(keys.length / 2)]!.vkey, keys.at(-1)!.vkey]) {
    const report = await verifyLogDirectory(join(dataDir, "logs", "main"), { key, stateDirectory: seenAt });
    expect(report.vkey).toBe(keys.at(-1)!.vkey);
    expect(report.checked.entries).toBeGreaterThanOrEqual(acknowledged.size);
  }
}, 600_000);
