import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NodeProcess } from "./node-process.ts";

let dataDir: string;
let running: NodeProcess | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "stele-fault-"));
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  await rm(dataDir, { recursive: true });
});

async function start(options: { clockStepMs?: number } = {}): Promise<NodeProcess> {
  running = await NodeProcess.start({ dataDir, ...options });
  return running;
}

async function stop(): Promise<void> {
  await running?.stop();
  running = undefined;
}

async function append(url: string, from: number, count: number, padding = 100): Promise<Response> {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      id: `e-${from + i}`,
      action: "a.b",
      actor: { id: "x" },
      metadata: { padding: "p".repeat(padding) },
    }),
  );
  return await fetch(`${url}/v1/logs/main/events`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: lines.join("\n"),
  });
}

async function entryAt(url: string, index: number): Promise<{ entry: { id: string; received_at: string } }> {
  const response = await fetch(`${url}/v1/logs/main/events/${index}`);
  expect(response.status).toBe(200);
  return (await response.json()) as { entry: { id: string; received_at: string } };
}

async function journalFile(): Promise<string> {
  const directory = join(dataDir, "logs", "main", "journal");
  return join(directory, (await readdir(directory)).toSorted().at(-1)!);
}

describe("a journal that was damaged while the node was down", () => {
  it("loses its torn, never acknowledged end, and says so", async () => {
    const node = await start();
    for (let n = 0; n < 5; n++) expect((await append(node.url, n * 10, 10)).status).toBe(201);
    await stop();
    const path = await journalFile();
    const whole = await readFile(path);
    // What a crash in the middle of a write leaves: the beginning of a commit that nobody was told of.
    await writeFile(path, Buffer.concat([whole, whole.subarray(0, 700)]));
    const again = await start();
    expect(again.stderr).toContain("tail_cut 700");
    expect((await entryAt(again.url, 49)).entry.id).toBe("e-49");
    expect((await append(again.url, 50, 1)).status).toBe(201);
    expect((await entryAt(again.url, 50)).entry.id).toBe("e-50");
    expect((await readFile(path)).subarray(0, whole.length).equals(whole)).toBe(true);
  });

  it("stops the node at a flipped bit in what was acknowledged, names the place, and changes nothing", async () => {
    const node = await start();
    for (let n = 0; n < 5; n++) await append(node.url, n * 10, 10);
    await stop();
    const path = await journalFile();
    const whole = await readFile(path);
    for (const offset of [200, Math.floor(whole.length / 2), whole.length - 400, whole.length - 3]) {
      const flipped = Buffer.from(whole);
      flipped[offset]! ^= 0x10;
      await writeFile(path, flipped);
      const failure = await start().then(
        () => "it started",
        (error: Error) => error.message,
      );
      expect(failure).toMatch(/journal_corrupt|journal_gap|note_/);
      expect(failure).toContain(path);
      expect((await readFile(path)).equals(flipped)).toBe(true);
    }
    await writeFile(path, whole);
    expect((await entryAt((await start()).url, 49)).entry.id).toBe("e-49");
  });

  it("stops the node when acknowledged commits were cut off at their boundary", async () => {
    const node = await start();
    await append(node.url, 0, 10);
    const path = await journalFile();
    const { length } = await readFile(path);
    await append(node.url, 10, 10);
    await stop();
    await truncate(path, length);
    await expect(start()).rejects.toThrow("journal_truncated");
  });
});

describe("a full disk", () => {
  // Root may mount a small file system; elsewhere there is nothing to fill.
  const mountable = process.getuid?.() === 0 && process.platform === "linux";

  it.skipIf(!mountable)(
    "refuses writes with 503, goes on reading, loses nothing, and writes again when there is room",
    async () => {
      const mount = join(dataDir, "mount");
      mkdirSync(mount);
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", mount], { stdio: "pipe" });
      } catch (error) {
        console.warn(`skipped: no small file system can be mounted here (${String(error)})`);
        return;
      }
      const node = await NodeProcess.start({ dataDir: mount });
      try {
        let acknowledged = 0;
        let refused: Response | undefined;
        while (!refused) {
          const response = await append(node.url, acknowledged, 500, 1000);
          if (response.status === 201) acknowledged += 500;
          else refused = response;
          expect(acknowledged).toBeLessThan(40_000);
        }
        expect(refused.status).toBe(503);
        expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
        expect(await refused.json()).toMatchObject({ error: { code: "storage_full" } });
        expect((await fetch(`${node.url}/readyz`)).status).toBe(503);
        expect((await fetch(`${node.url}/v1/logs/main/events?limit=5`)).status).toBe(200);
        expect((await entryAt(node.url, acknowledged - 1)).entry.id).toBe(`e-${acknowledged - 1}`);
        const journal = join(mount, "logs", "main", "journal");
        const before = (await readdir(journal)).length;

        execFileSync("mount", ["-o", "remount,size=64m", mount]);
        expect((await append(node.url, acknowledged, 500, 1000)).status).toBe(201);
        expect((await entryAt(node.url, acknowledged + 499)).entry.id).toBe(`e-${acknowledged + 499}`);
        expect((await readdir(journal)).length).toBeGreaterThanOrEqual(before);
        const { tree_size } = (await (await fetch(`${node.url}/v1/logs/main`)).json()) as {
          tree_size: number;
        };
        expect(tree_size).toBe(acknowledged + 500);
        await node.kill();
        const again = await NodeProcess.start({ dataDir: mount });
        expect((await entryAt(again.url, acknowledged + 499)).entry.id).toBe(`e-${acknowledged + 499}`);
        await again.stop();
      } finally {
        await node.kill().catch(() => undefined);
        execFileSync("umount", ["-l", mount]);
      }
    },
  );
});

describe("one directory, one process", () => {
  it("refuses a second process, and names the first", async () => {
    const node = await start();
    await expect(NodeProcess.start({ dataDir })).rejects.toThrow(/data_dir_locked/);
    await expect(NodeProcess.start({ dataDir })).rejects.toThrow(String(node.pid));
    await node.kill();
    running = undefined;
    // A lock that outlived its holder would need a person to remove it.
    expect((await fetch(`${(await start()).url}/readyz`)).status).toBe(200);
  });
});

describe("a clock that jumps", () => {
  it("never makes received_at go back, across restarts too", async () => {
    const times: string[] = [];
    for (const clockStepMs of [3_600_000, 10, 60_000]) {
      const node = await start({ clockStepMs });
      for (let n = 0; n < 10; n++) {
        const from = times.length;
        expect((await append(node.url, from, 1)).status).toBe(201);
        times.push((await entryAt(node.url, from)).entry.received_at);
        await sleep(1);
      }
      await stop();
    }
    expect(times).toEqual(times.toSorted());
    expect(times).toHaveLength(30);
  });
});
