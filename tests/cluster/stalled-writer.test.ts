import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { SteleClient } from "../../packages/client/src/index.ts";
import { openStore } from "../../packages/server/src/store/open-store.ts";
import { logKeys } from "../../packages/server/src/store/store.ts";
import { FaultProxy } from "../../packages/server/src/store/testing/fault-proxy.ts";
import { freePorts } from "../../tools/cluster/free-ports.ts";
import { NodeProcess } from "../../tools/cluster/node-process.ts";

const CLI = new URL("../../packages/cli/bin/stele.ts", import.meta.url).pathname;
const ENDPOINTS = process.env["STELE_TEST_S3_ENDPOINT"]?.split(",");
const TRIM_MS = 8_000;
/** Longer than it takes the other node to commit, seal and trim the same place. */
const HELD_MS = 45_000;

it.skipIf(!ENDPOINTS)(
  "a writer that is stopped between its decision and its PUT for longer than the trim delay does not win the freed slot",
  { timeout: 180_000 },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "stele-stalled-"));
    const proxy = await FaultProxy.start(new URL(ENDPOINTS![0]!));
    const prefix = directory.split("-").at(-1)!;
    const node = (name: string, port: number, endpoint: string) =>
      new NodeProcess({
        port,
        parameters: [
          "--quiet",
          "--data",
          join(directory, name),
          "--key",
          join(directory, "key"),
          "--journal",
          `s3://journal/${prefix}`,
          "--vault",
          `s3://vault/${prefix}`,
          "--s3-endpoint",
          endpoint,
          "--retain",
          "1",
          "--lock",
          "governance",
          "--segment-entries",
          "256",
          "--trim-after",
          `${TRIM_MS}ms`,
        ],
      });
    const port = await freePorts(2);
    const stalled = node("stalled", port, proxy.url.origin);
    const other = node("other", port + 1, ENDPOINTS![0]!);
    const store = openStore({
      journal: `s3://journal/${prefix}`,
      s3: { endpoints: ENDPOINTS! },
      lock: { mode: "governance", required: false },
      timeoutMs: 10_000,
    });
    try {
      await promisify(execFile)(process.execPath, [CLI, "key", "new", join(directory, "key")]);
      await other.start();
      await stalled.start();
      const client = new SteleClient({ endpoints: [other.url], attemptsMax: 20 });
      await client.append(eventsOf("first", 10));
      const slot = 10;
      await until("the writer to be stalled knows what was committed", async () => {
        const info = await new SteleClient({ endpoints: [stalled.url] }).info();
        return info.treeSize === slot;
      });

      const stopped = Promise.withResolvers<void>();
      proxy.choose = ({ method, path }) => {
        if (method !== "PUT" || !path.includes(logKeys.commit(slot))) return undefined;
        proxy.choose = () => undefined;
        stalled.freeze();
        stopped.resolve();
        return { kind: "delay", delayMs: HELD_MS };
      };
      const late = new SteleClient({
        endpoints: [stalled.url],
        attemptsMax: 100,
        timeoutMs: 150_000,
        attemptTimeoutMs: 120_000,
      });
      const lateEvent = late.append(eventsOf("late", 1));
      await stopped.promise;

      // Everyone else goes on: commits there, seals it, and trims it.
      for (let n = 0; n < 3; n++) await client.append(eventsOf(`other-${n}`, 200));
      const objects = store.objects("main");
      await until(
        "the slot is trimmed",
        async () => !(await objects.get(logKeys.commit(slot))),
        HELD_MS - 5_000,
      );
      await until(
        "the held PUT lands in the freed slot",
        async () => (await objects.get(logKeys.commit(slot))) !== undefined,
        HELD_MS,
      );
      stalled.thaw();

      const { receipts } = await lateEvent;
      expect(receipts[0]!.index).toBe(610);
      const entries = await Promise.all(
        [stalled, other].map(({ url }) => new SteleClient({ endpoints: [url] }).get(slot)),
      );
      expect(entries.map(({ entry }) => entry.id)).toEqual(["other-0-0", "other-0-0"]);
      const { stdout } = await promisify(execFile)(process.execPath, [
        CLI,
        "verify",
        "--state",
        join(directory, "verifier"),
        `${other.url}/logs/main`,
      ]);
      expect(stdout).toContain("verified");
    } finally {
      stalled.thaw();
      await Promise.all([stalled.stop(), other.stop()]);
      await proxy.stop();
      await store.close();
      await rm(directory, { recursive: true });
    }
  },
);

function eventsOf(name: string, count: number) {
  return Array.from({ length: count }, (_, i) => ({
    id: `${name}-${i}`,
    action: "slot.taken",
    actor: { type: "service", id: name },
  }));
}

async function until(what: string, isSo: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`After ${timeoutMs} ms it is not so that ${what}`);
    await sleep(200);
  }
}
