import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../log/clock.ts";
import { formatFence } from "../store/fence.ts";
import { FileVault } from "../store/file-vault.ts";
import { logKeys } from "../store/store.ts";
import type { SwitchedObjects } from "../store/testing/switched-objects.ts";
import { reconcileLog, type ReconcileOptions } from "./reconcile.ts";
import type { ReconcileReport } from "./reconcile-report.ts";
import { contentOf, objectsIn, SignedLog } from "./testing/signed-log.ts";

let log: SignedLog;
let mirror: SwitchedObjects;
let mirrorVault: FileVault;

beforeEach(async () => {
  log = await SignedLog.create();
  mirror = objectsIn(log.path("mirror"));
  mirrorVault = await FileVault.open(log.path("mirror-vault"));
  for (let i = 0; i < 8; i++) await log.commit(100);
  await log.seal(512);
  await log.commit(50);
});

afterEach(async () => await log[Symbol.asyncDispose]());

async function reconcile(options: Partial<ReconcileOptions> = {}): Promise<ReconcileReport> {
  return await reconcileLog({
    log: "main",
    primary: log.primary,
    keys: log.keys,
    objects: mirror,
    vault: mirrorVault,
    tempDirectory: log.tempDirectory,
    clock: systemClock,
    ...options,
  });
}

/** As an engine, or somebody with rights on it, might. */
async function damage(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await chmod(path, 0o600);
  await writeFile(path, bytes);
}

const alarmsOf = ({ alarms }: ReconcileReport): string[] => alarms.map(({ kind, key }) => `${kind} ${key}`);

describe("reconciling", () => {
  it("fills an empty mirror, and finds nothing to do the second time", async () => {
    expect(await reconcile()).toMatchObject({
      log: "main",
      place: mirror.place,
      // log.json, the record, its file, and the commits from the one on that holds entry 511
      compared: 7,
      copied: 7,
      trimmed: 0,
      restored: 0,
      alarms: [],
      treeSize: 850,
    });
    const [{ key, lengthBytes }] = log.segments as [(typeof log.segments)[0]];
    expect(await mirrorVault.get({ key }, 0, lengthBytes)).toEqual(
      await log.vault.get({ key }, 0, lengthBytes),
    );
    expect([...(await contentOf(mirror, "journal/")).keys()]).toEqual(
      [500, 600, 700, 800].map(logKeys.commit),
    );
    expect(await reconcile()).toMatchObject({ compared: 7, copied: 0, alarms: [], treeSize: 850 });
    expect(await reconcile({ quick: true })).toMatchObject({ compared: 7, copied: 0, alarms: [] });
  });

  it("brings back what was deleted on the mirror", async () => {
    await reconcile();
    const before = await contentOf(mirror);
    await mirror.delete([logKeys.commit(600), logKeys.segment(0), logKeys.identity]);
    await rm(join(mirrorVault.place, log.segments[0]!.key));
    expect(await reconcile()).toMatchObject({ copied: 4, alarms: [] });
    expect(await contentOf(mirror)).toEqual(before);
  });

  it("leaves what differs as it is, and keeps the primary's beside it", async () => {
    await reconcile();
    await damage(log.path(`mirror/${logKeys.commit(600)}`));
    await damage(join(mirrorVault.place, log.segments[0]!.key));
    const before = await contentOf(mirror);
    const report = await reconcile();
    expect(alarmsOf(report)).toEqual([`conflict ${logKeys.commit(600)}`, `conflict ${log.segments[0]!.key}`]);
    expect(report.copied).toBe(0);
    const after = await contentOf(mirror);
    for (const [key, bytes] of before) expect(after.get(key)).toBe(bytes);
    const [kept] = [...after].filter(([key]) => key.startsWith("conflicts/"));
    expect(kept![1]).toBe((await log.objects.get(logKeys.commit(600)))!.toString("latin1"));
    expect((await mirrorVault.list()).map(({ key }) => key)).toHaveLength(2);
    // A quick look does not read segments.
    expect(alarmsOf(await reconcile({ quick: true }))).toEqual([`conflict ${logKeys.commit(600)}`]);
  });

  it("trims what the primary has trimmed, once the mirror has it sealed", async () => {
    const early = [0, 100, 200, 300, 400].map(logKeys.commit);
    for (const key of early) await mirror.create(key, [(await log.objects.get(key))!]);
    expect(await reconcile()).toMatchObject({ trimmed: 0 });
    await log.objects.delete(early.slice(0, 3));
    expect(await reconcile()).toMatchObject({ trimmed: 3, alarms: [] });
    await log.objects.delete(early);
    await rm(join(mirrorVault.place, log.segments[0]!.key));
    await rm(join(log.vault.place, log.segments[0]!.key));
    const report = await reconcile();
    expect(report.trimmed).toBe(0);
    expect(await mirror.get(logKeys.commit(300))).toBeDefined();
    expect(alarmsOf(report)).toEqual([`missing_on_primary ${log.segments[0]!.key}`]);
  });

  it("copies nothing behind a commit of the primary that is damaged", async () => {
    await damage(log.path(`primary/${logKeys.commit(600)}`));
    await expect(reconcile()).rejects.toMatchObject({
      code: expect.stringMatching(/journal_corrupt|root_mismatch/),
    });
    expect(await mirror.get(logKeys.commit(500))).toBeDefined();
    expect(await mirror.get(logKeys.commit(600))).toBeUndefined();
  });

  it("tells of a damaged segment of the primary, and does not copy it", async () => {
    await damage(join(log.vault.place, log.segments[0]!.key));
    expect(alarmsOf(await reconcile({ quick: true }))).toEqual([`damaged ${log.segments[0]!.key}`]);
    expect(await mirrorVault.list()).toEqual([]);
    expect(await mirror.get(logKeys.segment(0))).toBeUndefined();
    expect(await mirror.get(logKeys.commit(800))).toBeDefined();
  });

  it("stops at a fence on either side", async () => {
    const fence = formatFence({ origin: "o", start: 850, successor: "elsewhere" });
    await reconcile();
    await mirror.create(logKeys.commit(850), [fence]);
    await log.commit(5);
    await expect(reconcile()).rejects.toMatchObject({ code: "log_fenced" });
    await log.objects.create(logKeys.commit(855), [fence]);
    await mirror.delete([logKeys.commit(850)]);
    await expect(reconcile()).rejects.toMatchObject({ code: "log_fenced" });
  });
});

describe("what the primary lacks", () => {
  it("is an alarm, and not taken back silently", async () => {
    await reconcile();
    await log.objects.delete([logKeys.commit(600), logKeys.segment(0)]);
    const lost = [logKeys.segment(0), logKeys.commit(600)];
    expect(alarmsOf(await reconcile())).toEqual(lost.map((key) => `missing_on_primary ${key}`));
    for (const key of lost) expect(await log.objects.get(key)).toBeUndefined();
  });

  it("is created there again if that is asked for, once it was verified", async () => {
    await reconcile();
    const before = await contentOf(log.objects);
    await log.objects.delete([logKeys.commit(600), logKeys.commit(800), logKeys.segment(0)]);
    await rm(join(log.vault.place, log.segments[0]!.key));
    const report = await reconcile({ restore: log.primary });
    expect(report).toMatchObject({ restored: 4, treeSize: 850 });
    expect(await contentOf(log.objects)).toEqual(before);
    expect(await reconcile()).toMatchObject({ alarms: [] });
  });

  it("is not created there if it is not what the log signed", async () => {
    await reconcile();
    await log.objects.delete([logKeys.commit(600)]);
    await damage(log.path(`mirror/${logKeys.commit(600)}`));
    await expect(reconcile({ restore: log.primary })).rejects.toMatchObject({
      code: expect.stringMatching(/journal_corrupt|root_mismatch/),
    });
    expect(await log.objects.get(logKeys.commit(600))).toBeUndefined();
  });

  it("is told of even where nothing leads to it", async () => {
    await reconcile();
    await mirror.create(logKeys.commit(5_000), [Buffer.from("?")]);
    expect(alarmsOf(await reconcile())).toEqual([`missing_on_primary ${logKeys.commit(5_000)}`]);
  });
});
