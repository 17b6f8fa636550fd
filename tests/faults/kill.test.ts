import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readLogFile, verifyLogDirectory } from "../../packages/server/src/index.ts";
import { NodeProcess } from "./node-process.ts";
import { Observer, type Receipt } from "./observer.ts";

const KILLS = 50;
const WRITERS = 6;
/** Small, so that sealing and trimming are under way at many of the kills. */
const SEGMENT_ENTRIES = 1024;

describe(`kill -9 under load, ${KILLS} times`, () => {
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "stele-kill-"));
  });
  afterAll(() => rm(dataDir, { recursive: true }));

  it("keeps every acknowledged event, once, in its place, under checkpoints that never contradict each other", async () => {
    let node = await NodeProcess.start({ dataDir, segmentEntries: SEGMENT_ENTRIES });
    const { vkey } = await readLogFile(join(dataDir, "logs", "main"));
    const observer = new Observer(vkey);
    /** What was sent and not answered: sent again after the restart, as a client does. */
    let unanswered: string[] = [];
    let random = 1;
    let number = 0;

    const write = async (url: string, body: string): Promise<boolean> => {
      try {
        const response = await fetch(`${url}/v1/logs/main/events`, {
          method: "POST",
          headers: { "content-type": "application/x-ndjson" },
          body,
        });
        const answer = (await response.json()) as { receipts: Receipt[] };
        expect(response.status).toBe(201);
        observer.receive(answer.receipts);
        return true;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        return false; // the connection broke: the node was killed
      }
    };

    for (let kill = 0; kill < KILLS; kill++) {
      for (const body of unanswered) expect(await write(node.url, body)).toBe(true);
      await observer.compare(node.url);
      unanswered = [];
      let alive = true;
      const { url } = node;
      const writers = Array.from({ length: WRITERS }, async () => {
        while (alive) {
          const count = 1 + (number % 40);
          const body = Array.from({ length: count }, () => eventLine(number++)).join("\n");
          if (!(await write(url, body))) unanswered.push(body);
        }
      });
      const watcher = (async () => {
        while (alive) await observer.seeCheckpoint(url).catch(() => sleep(5));
      })();
      random = (random * 48_271) % 2_147_483_647;
      await sleep(20 + (random % 230));
      alive = false;
      await node.kill();
      await Promise.all([...writers, watcher]);
      node = await NodeProcess.start({ dataDir, segmentEntries: SEGMENT_ENTRIES });
    }
    for (const body of unanswered) expect(await write(node.url, body)).toBe(true);
    await observer.compare(node.url);
    await observer.compareCheckpoints(node.url);
    await node.stop();

    const report = await verifyLogDirectory(join(dataDir, "logs", "main"), {
      key: vkey,
      stateDirectory: join(dataDir, "verifier"),
    });
    expect(report.checked.entries).toBeGreaterThanOrEqual(observer.acknowledged);
    expect(report.checked.segments).toBeGreaterThan(0);
    expect(observer.checkpoints).toBeGreaterThan(KILLS);
  }, 600_000);
});

function eventLine(number: number): string {
  return JSON.stringify({
    id: `event-${number}`,
    action: "document.read",
    actor: { id: `user-${number % 50}` },
    metadata: { padding: "x".repeat(number % 700) },
  });
}
