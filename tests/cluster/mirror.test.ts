import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../packages/server/src/log/clock.ts";
import { MirrorWriter, type MirrorReport } from "../../packages/server/src/mirror/mirror-writer.ts";
import {
  assertCovered,
  assessPromotion,
  fenceOldPrimary,
} from "../../packages/server/src/mirror/promotion.ts";
import { reconcileLog, type ReconcileOptions } from "../../packages/server/src/mirror/reconcile.ts";
import { SharedPrimary } from "../../packages/server/src/mirror/shared-primary.ts";
import { contentOf, SignedLog } from "../../packages/server/src/mirror/testing/signed-log.ts";
import { openStore } from "../../packages/server/src/store/open-store.ts";
import { logKeys, type Store } from "../../packages/server/src/store/store.ts";
import {
  makeBucket,
  removeBucket,
  testEndpoints,
  testS3Client,
  testS3Missing,
} from "../../packages/server/src/store/testing/test-s3.ts";

const RETAIN_MS = 60_000;

describe.skipIf(testS3Missing)(`mirrors in S3 (${testS3Missing ?? "here"})`, () => {
  let journalBucket: string;
  let vaultBucket: string;
  let log: SignedLog;
  let mirror: Store;
  let rounds = 0;

  beforeAll(async () => {
    journalBucket = await makeBucket(testS3Client());
    vaultBucket = await makeBucket(testS3Client(), { objectLock: true });
  });

  afterAll(async () => {
    for (const bucket of [journalBucket, vaultBucket]) await removeBucket(testS3Client(), bucket);
  });

  beforeEach(async () => {
    log = await SignedLog.create();
    mirror = openStore({
      journal: `s3://${journalBucket}/m${rounds}?vault=${vaultBucket}/m${rounds++}`,
      s3: { endpoints: testEndpoints.map(({ origin }) => origin) },
      lock: { mode: "governance", required: true },
      timeoutMs: 20_000,
    });
    for (let i = 0; i < 8; i++) await log.commit(100);
    await log.seal(512, Date.now() + RETAIN_MS);
    await log.commit(50);
  });

  afterEach(async () => {
    await mirror.close();
    await log[Symbol.asyncDispose]();
  });

  const reconcile = async (options: Partial<ReconcileOptions> = {}) =>
    await reconcileLog({
      log: "main",
      primary: log.primary,
      keys: log.keys,
      objects: mirror.objects("main"),
      vault: mirror.vault("main"),
      tempDirectory: log.tempDirectory,
      clock: systemClock,
      ...options,
    });

  it("takes commits, and segments under lock", async () => {
    const reports: MirrorReport[] = [];
    const writer = new MirrorWriter({
      log: "main",
      mode: "sync",
      primary: log.primary,
      keys: log.keys,
      mirror,
      journal: log.journal,
      segments: () => log.segments,
      isOwn: () => true,
      tempDirectory: log.tempDirectory,
      clock: systemClock,
      report: (event) => void reports.push(event),
    });
    writer.start();
    await expect.poll(() => writer.mirroredSize, { timeout: 30_000 }).toBe(850);
    await log.commit(10);
    writer.wake();
    await writer.waitFor(860, 20_000);
    await writer.close();
    expect(reports).toEqual([]);
    expect(await contentOf(mirror.objects("main"))).toEqual(await contentOf(log.objects));
    const found = await mirror.vault("main").head({ key: log.segments[0]!.key });
    expect(found!.retainUntilMs).toBeGreaterThan(Date.now());
    expect(found!.version).not.toBe(log.segments[0]!.version);
  });

  it("is reconciled: what was deleted is back, what differs stays", async () => {
    const objects = mirror.objects("main");
    await objects.create(logKeys.commit(600), [Buffer.from("something else")]);
    expect((await reconcile()).alarms).toMatchObject([{ kind: "conflict", key: logKeys.commit(600) }]);
    await objects.delete([logKeys.commit(600), logKeys.commit(700)]);
    expect(await reconcile()).toMatchObject({ copied: 2, alarms: [], treeSize: 850 });
    // The version that the record names is the primary's: nobody here knows it.
    const back = new SharedPrimary(objects, mirror.vault("main"), log.keys);
    expect(await reconcile({ primary: back, objects: log.objects, vault: log.vault })).toMatchObject({
      copied: 0,
      alarms: [],
    });
  });

  it("is promoted, and fences the old primary, and is fenced itself", async () => {
    await reconcile();
    const oldPrimary = {
      place: "old",
      objects: () => log.objects,
      vault: () => log.vault,
    } as unknown as Store; // all that is used
    const options = { stateDirectory: log.path("state"), tempDirectory: log.tempDirectory };
    const assessment = await assessPromotion("main", { ...options, mirror, oldPrimary });
    assertCovered([assessment], undefined);
    expect(assessment.verified).toMatchObject({ treeSize: 850, sealedSize: 512 });
    expect(await fenceOldPrimary(assessment, oldPrimary, mirror.place)).toEqual({
      kind: "fenced",
      start: 850,
    });
    expect(await fenceOldPrimary(assessment, mirror, "elsewhere")).toMatchObject({ kind: "fenced" });
    await expect(assessPromotion("main", { ...options, mirror })).rejects.toMatchObject({
      code: "log_fenced",
    });
  });
});
