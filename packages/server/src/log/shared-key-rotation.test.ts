import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newestKey, parseNote } from "@stele/proof";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SteleNode } from "../node.ts";
import { openSharedHome } from "../open-stores.ts";
import { SegmentCache } from "../search/segment-cache.ts";
import { logKeys, type Store } from "../store/store.ts";
import { FileStore } from "../store/file-store.ts";
import { verifyStoreLog } from "../verify/verify-store.ts";
import { SharedHome } from "./shared-home.ts";
import { openKeySource } from "./signer/open-key-source.ts";
import { LogSecret } from "./signer/log-secret.ts";
import type { StoredLog } from "./stored-log.ts";

const FORMAT = { type: "json", encoding: "identity" } as const;

let directory: string;
const open: SteleNode[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-keys-"));
});

afterEach(async () => {
  for (const node of open.splice(0)) await node.close();
  await rm(directory, { recursive: true, force: true });
});

async function append(log: StoredLog, id: string): Promise<void> {
  const body = Buffer.from(JSON.stringify({ id, action: "a.b", actor: { id: "u" } }));
  await log.append(Uint8Array.from(body), FORMAT);
}

/** Who signed the newest checkpoint, by the number of the key. */
function signersOf(log: StoredLog): number[] {
  const { keys } = log.keys();
  return parseNote(log.head().note).signatures.map(
    ({ keyId }) => 1 + keys.findIndex(({ verifier }) => verifier.key.keyId === keyId),
  );
}

const store = (): FileStore =>
  new FileStore({ journal: `${directory}/store`, vault: `${directory}/store`, timeoutMs: 5_000 });

/** A node whose commits can be kept from the store, as by a network that delays them, or a process that is stopped. */
async function openHeldNode(name: string, key: string) {
  const held = { until: Promise.resolve(), begun: Promise.withResolvers<void>() };
  const inner = store();
  await inner.make();
  const holding: Store = {
    place: inner.place,
    objects: (log) => {
      const objects = inner.objects(log);
      return {
        place: objects.place,
        create: async (object, pieces) => {
          if (object.startsWith(logKeys.journal)) {
            held.begun.resolve();
            await held.until;
          }
          return await objects.create(object, pieces);
        },
        get: (object) => objects.get(object),
        list: (prefix, after) => objects.list(prefix, after),
        delete: (objectKeys) => objects.delete(objectKeys),
      };
    },
    nodes: () => inner.nodes(),
    vault: (log) => inner.vault(log),
    logNames: () => inner.logNames(),
    probe: () => inner.probe(),
    close: () => inner.close(),
  };
  const dataDir = join(directory, name);
  await mkdir(join(dataDir, "cache"), { recursive: true });
  const home = new SharedHome({
    store: holding,
    findings: () => ({ vaultLock: "none", warnings: [] }),
    mirrors: [],
    keySources: [await openKeySource(join(directory, key))],
    openCache: () =>
      SegmentCache.open({ directory: join(dataDir, "cache", "_segments"), cacheBytes: 1_000_000 }),
    dataDir,
  });
  const node = await SteleNode.open({ dataDir, home, storeTimeoutMs: 300_000 });
  open.push(node);
  return { log: node.log("main")!, held };
}

async function openNode(name: string, keys: readonly string[]): Promise<{ log: StoredLog }> {
  const sources = await Promise.all(keys.map((each) => openKeySource(join(directory, each))));
  const shared = { journal: `file://${directory}/store`, vaultLock: "none" as const };
  const { home, probed } = await openSharedHome(join(directory, name), shared, sources, [], () => undefined);
  await probed;
  const node = await SteleNode.open({ dataDir: join(directory, name), home });
  open.push(node);
  return { log: node.log("main")! };
}

const verify = (key: string) =>
  verifyStoreLog(store(), "main", {
    key,
    columns: false,
    stateDirectory: join(directory, "seen"),
    tempDirectory: join(directory, "temp"),
  });

describe("a log that nodes share", () => {
  it("goes on at all nodes while its key changes", async () => {
    await LogSecret.create(join(directory, "secret"));
    const a = await openNode("a", ["secret"]);
    const b = await openNode("b", ["secret"]);
    const first = a.log.vkey;
    expect(b.log.vkey).toBe(first);
    await append(a.log, "one");
    await append(b.log, "two");
    await a.log.rotateKey(first);
    const second = a.log.vkey;
    // The other one does not know yet, and commits with the old key: that counts.
    await append(b.log, "three");
    await expect(a.log.retireKey(first)).rejects.toMatchObject({ code: "key_unproven" });
    await append(a.log, "four");
    expect(signersOf(a.log)).toEqual([2, 1]);
    // It follows that commit, and knows: whatever it commits from here on has both.
    await append(b.log, "five");
    expect(signersOf(b.log)).toEqual([2, 1]);
    await a.log.retireKey(first);
    await append(b.log, "six");
    await append(a.log, "seven");
    expect(signersOf(a.log)).toEqual([2]);
    await append(b.log, "eight");
    const seen = await verify(first);
    expect(seen).toMatchObject({ vkey: second, treeSize: 8 });
    expect((await verify(second)).keys.keys.map(({ toSize }) => toSize)).toEqual([
      5,
      Number.MAX_SAFE_INTEGER,
    ]);
  });

  it("can't be made false by a commit that was signed before the rotation and lands after the retirement", async () => {
    await LogSecret.create(join(directory, "secret"));
    const a = await openNode("a", ["secret"]);
    const first = a.log.vkey;
    await append(a.log, "one");
    const stalled = await openHeldNode("b", "secret");
    const release = Promise.withResolvers<void>();
    stalled.held.until = release.promise;
    const late = append(stalled.log, "late");
    await stalled.held.begun.promise;

    await a.log.rotateKey(first);
    // While nothing is committed behind the rotation, that commit may still land: so the old key stays.
    await expect(a.log.retireKey(first)).rejects.toMatchObject({ code: "key_unproven" });
    await append(a.log, "two");
    await a.log.retireKey(first);
    release.resolve();
    await late;
    expect(signersOf(stalled.log)).toEqual([2]);
    expect(stalled.log.head().treeSize).toBe(3);
    await append(a.log, "four");
    expect((await verify(first)).treeSize).toBe(4);
  });

  it("counts a commit with the old key alone that lands after the rotation, where nothing was committed", async () => {
    await LogSecret.create(join(directory, "secret"));
    const a = await openNode("a", ["secret"]);
    const first = a.log.vkey;
    await append(a.log, "one");
    const stalled = await openHeldNode("b", "secret");
    const release = Promise.withResolvers<void>();
    stalled.held.until = release.promise;
    const late = append(stalled.log, "late");
    await stalled.held.begun.promise;
    await a.log.rotateKey(first);
    release.resolve();
    await late;
    await expect(a.log.retireKey(first)).rejects.toMatchObject({ code: "key_unproven" });
    await append(a.log, "three");
    await a.log.retireKey(first);
    await append(stalled.log, "four");
    expect(signersOf(stalled.log)).toEqual([2]);
    expect((await verify(first)).treeSize).toBe(4);
  });

  it("moves to another secret, and a node that lacks it takes no writes, but reads", async () => {
    for (const name of ["leaked", "fresh"]) await LogSecret.create(join(directory, name));
    const a = await openNode("a", ["leaked"]);
    const first = a.log.vkey;
    await append(a.log, "one");
    const b = await openNode("b", ["fresh", "leaked"]);
    await b.log.rotateKey(first);
    await append(b.log, "two");
    expect(signersOf(b.log)).toEqual([2, 1]);
    await expect(append(a.log, "three")).rejects.toMatchObject({ code: "key_missing" });
    expect((await a.log.readEntries(0, 2)).length).toBe(2);
    await b.log.retireKey(first);
    await append(b.log, "four");
    const c = await openNode("c", ["fresh"]);
    await append(c.log, "five");
    expect(signersOf(c.log)).toEqual([2]);
    expect((await verify(first)).treeSize).toBe(4);
    await expect(openNode("d", ["leaked"])).rejects.toMatchObject({ code: "key_mismatch" });
  });

  it("is rotated by one of two nodes that try at once", async () => {
    await LogSecret.create(join(directory, "secret"));
    const a = await openNode("a", ["secret"]);
    const b = await openNode("b", ["secret"]);
    await append(a.log, "one");
    const first = a.log.vkey;
    const outcomes = await Promise.allSettled([a.log.rotateKey(first), b.log.rotateKey(first)]);
    const done = outcomes.filter(({ status }) => status === "fulfilled");
    expect(done.length).toBeGreaterThanOrEqual(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        expect(outcome.reason).toMatchObject({ code: "key_not_current" });
      } else expect(newestKey(outcome.value).vkey).not.toBe(first);
    }
    for (const { log } of [a, b]) await append(log, log === a.log ? "two" : "three");
    expect(a.log.keys().keys).toHaveLength(2);
    expect((await verify(first)).treeSize).toBe(3);
  });
});
