import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../log/clock.ts";
import { parseFence } from "../store/fence.ts";
import { FileVault } from "../store/file-vault.ts";
import { logKeys, type Store } from "../store/store.ts";
import type { SwitchedObjects } from "../store/testing/switched-objects.ts";
import {
  assertCovered,
  assessPromotion,
  fenceOldPrimary,
  setStraysAside,
  type AssessOptions,
  type PromotionAssessment,
} from "./promotion.ts";
import { reconcileLog } from "./reconcile.ts";
import { objectsIn, SignedLog } from "./testing/signed-log.ts";

let log: SignedLog;
let objects: SwitchedObjects;
let mirror: Store;
let oldPrimary: Store;

beforeEach(async () => {
  log = await SignedLog.create();
  objects = objectsIn(log.path("mirror"));
  const vault = await FileVault.open(log.path("mirror-vault"));
  mirror = { place: "the mirror", objects: () => objects, vault: () => vault } as unknown as Store; // all that is used
  oldPrimary = { place: "the old", objects: () => log.objects, vault: () => log.vault } as unknown as Store;
  for (let i = 0; i < 8; i++) await log.commit(100);
  await log.seal(512);
  await log.commit(50);
  await bringOver();
});

afterEach(async () => await log[Symbol.asyncDispose]());

async function bringOver(): Promise<void> {
  await reconcileLog({
    log: "main",
    primary: log.primary,
    keys: log.keys,
    objects,
    vault: mirror.vault("main"),
    tempDirectory: log.tempDirectory,
    clock: systemClock,
  });
}

const assess = async (options: Partial<AssessOptions> = {}): Promise<PromotionAssessment> =>
  await assessPromotion("main", {
    mirror,
    oldPrimary,
    stateDirectory: log.path("state"),
    tempDirectory: log.tempDirectory,
    ...options,
  });

const known = async () => ({ place: "a file", note: Buffer.from(await log.checkpoint()) });

describe("a mirror that has everything", () => {
  it("is verified, covers the primary, and the primary is fenced", async () => {
    const assessment = await assess();
    expect(assessment).toMatchObject({
      lost: 0,
      sources: [expect.stringContaining(logKeys.commit(800))],
      unreachable: undefined,
      verified: {
        target: "store",
        treeSize: 850,
        sealedSize: 512,
        strays: [],
        beyond: [],
        checked: { segments: 1, commits: 4, entries: 512 + 350 },
      },
    });
    assertCovered([assessment], undefined);
    expect(() => assertCovered([assessment], 3)).toThrow(
      expect.objectContaining({ code: "mirror_not_covering" }),
    );
    expect(await fenceOldPrimary(assessment, oldPrimary, "the mirror")).toEqual({
      kind: "fenced",
      start: 850,
    });
    const fence = parseFence((await log.objects.get(logKeys.commit(850)))!);
    expect(fence).toMatchObject({ start: 850, successor: "the mirror" });
    // A second time, since the first may have been interrupted.
    const again = await assess();
    expect(again.lost).toBe(0);
    expect(await fenceOldPrimary(again, oldPrimary, "the mirror")).toMatchObject({ kind: "fenced" });
  });

  it("is not promoted while the primary goes on", async () => {
    const assessment = await assess();
    await log.commit(5);
    await expect(fenceOldPrimary(assessment, oldPrimary, "m")).rejects.toMatchObject({
      code: "primary_moved",
    });
    expect(parseFence((await log.objects.get(logKeys.commit(850)))!)).toBeUndefined();
  });

  it("says so if the primary can't be reached or fenced", async () => {
    log.objects.out = true;
    const assessment = await assess({ known: [await known()] });
    expect(assessment).toMatchObject({ lost: 0, unreachable: expect.stringMatching(/is out/) });
    assertCovered([assessment], undefined);
    expect(await fenceOldPrimary(assessment, oldPrimary, "m")).toMatchObject({
      kind: "not_fenced",
      reason: expect.stringMatching(/is out/),
    });
    expect(await fenceOldPrimary(assessment, undefined, "m")).toMatchObject({ kind: "not_fenced" });
  });

  it("needs to be told that nobody knows how far the primary was", async () => {
    const assessment = await assess({ oldPrimary: undefined });
    expect(assessment.sources).toEqual([]);
    expect(() => assertCovered([assessment], undefined)).toThrow(
      expect.objectContaining({ code: "primary_unknown" }),
    );
    assertCovered([assessment], "unknown");
    // That it was verified here shows nothing of the primary.
    expect((await assess({ oldPrimary: undefined })).sources).toEqual([]);
  });
});

describe("a mirror that lacks the end", () => {
  it("is refused with the number of entries that would be lost, unless just that is accepted", async () => {
    await log.commit(7);
    const assessment = await assess();
    expect(assessment.lost).toBe(7);
    for (const accepted of [undefined, 6, 8, "unknown"] as const) {
      expect(() => assertCovered([assessment], accepted)).toThrow(
        expect.objectContaining({
          code: "mirror_not_covering",
          message: expect.stringMatching(/^7 acknowledged entries would be lost/),
        }),
      );
    }
    assertCovered([assessment], 7);
    expect(await fenceOldPrimary(assessment, oldPrimary, "m")).toEqual({ kind: "fenced", start: 857 });
  });

  it("knows of it from a checkpoint alone", async () => {
    await log.commit(7);
    const assessment = await assess({ oldPrimary: undefined, known: [await known()] });
    expect(assessment).toMatchObject({ lost: 7, sources: ["a file"] });
  });

  it("knows of it from commits that arrived ahead of others, and sets those aside", async () => {
    await log.commit(5);
    await log.commit(6);
    await objects.create(logKeys.commit(855), [(await log.objects.get(logKeys.commit(855)))!]);
    const assessment = await assess({ oldPrimary: undefined, known: [] });
    expect(assessment.verified.strays).toEqual([logKeys.commit(855)]);
    expect(assessment.lost).toBe(11);
    const [keptAs] = await setStraysAside(assessment, mirror);
    expect(await objects.get(logKeys.commit(855))).toBeUndefined();
    expect(await objects.get(keptAs!)).toEqual(await log.objects.get(logKeys.commit(855)));
    const after = await assess({ oldPrimary: undefined });
    expect(after).toMatchObject({ lost: 0, verified: { strays: [] } });
  });
});

describe("a mirror that is not what was signed", () => {
  it.each([
    ["a commit", () => log.path(`mirror/${logKeys.commit(600)}`), /journal_corrupt|root_mismatch/],
    ["a seal record", () => log.path(`mirror/${logKeys.segment(0)}`), /segment_record_corrupt/],
    ["a segment", () => join(mirror.vault("main").place, log.segments[0]!.key), /segment_corrupt/],
  ])("is refused: %s", async (_, path, code) => {
    await flip(path());
    await expect(assess()).rejects.toMatchObject({ code: expect.stringMatching(code) });
  });

  it("is refused where a segment is missing", async () => {
    await rm(join(mirror.vault("main").place, log.segments[0]!.key));
    await expect(assess()).rejects.toMatchObject({ code: "segment_corrupt" });
  });

  it("is refused where it has another history than what is known", async () => {
    await using other = await SignedLog.create();
    await other.commit(849);
    const note = Buffer.from(await other.checkpoint());
    await expect(assess({ known: [{ place: "a file", note }] })).resolves.toMatchObject({ lost: 0 });
    const forged = await log.forkedCheckpoint(849);
    await expect(assess({ known: [{ place: "a file", note: forged }] })).rejects.toMatchObject({
      code: "root_mismatch",
    });
  });

  it("is refused if it was fenced itself", async () => {
    await fenceOldPrimary(await assess(), mirror, "elsewhere");
    await expect(assess()).rejects.toMatchObject({ code: "log_fenced" });
  });
});

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await chmod(path, 0o600);
  await writeFile(path, bytes);
}
