import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../log/clock.ts";
import { formatFence } from "../store/fence.ts";
import { FileVault } from "../store/file-vault.ts";
import { logKeys } from "../store/store.ts";
import type { SwitchedObjects } from "../store/testing/switched-objects.ts";
import { MirrorWriter, type MirrorReport, type MirrorWriterOptions } from "./mirror-writer.ts";
import { contentOf, objectsIn, SignedLog } from "./testing/signed-log.ts";

let log: SignedLog;
let mirror: SwitchedObjects;
let mirrorVault: FileVault;
const writers: MirrorWriter[] = [];
const reports: MirrorReport[] = [];

beforeEach(async () => {
  log = await SignedLog.create();
  mirror = objectsIn(log.path("mirror"));
  mirrorVault = await FileVault.open(log.path("mirror-vault"));
  reports.length = 0;
});

afterEach(async () => {
  for (const writer of writers.splice(0)) await writer.close();
  await log[Symbol.asyncDispose]();
});

function write(options: Partial<MirrorWriterOptions> = {}): MirrorWriter {
  const writer = new MirrorWriter({
    log: "main",
    mode: "async",
    primary: log.primary,
    keys: log.keys,
    mirror: { place: "the mirror", objects: () => mirror, vault: () => mirrorVault },
    journal: log.journal,
    segments: () => log.segments,
    isOwn: () => true,
    tempDirectory: log.tempDirectory,
    clock: systemClock,
    report: (event) => reports.push(event),
    ...options,
  });
  writer.start();
  writers.push(writer);
  return writer;
}

async function commit(count: number): Promise<void> {
  await log.commit(count);
  for (const writer of writers) writer.wake();
}

const until = async (writer: MirrorWriter, size: number): Promise<void> =>
  await expect.poll(() => writer.mirroredSize, { timeout: 10_000, interval: 10 }).toBe(size);

const alike = async (): Promise<void> =>
  expect(await contentOf(mirror)).toEqual(await contentOf(log.objects));

describe("commits", () => {
  it("brings over what is there and what comes, byte for byte", async () => {
    for (let i = 0; i < 30; i++) await log.commit(50);
    const writer = write();
    for (let i = 0; i < 5; i++) await commit(7);
    await until(writer, 1535);
    await alike();
    expect(writer.state()).toEqual({
      place: "the mirror",
      mode: "async",
      mirroredSize: 1535,
      lagEntries: 0,
      lagMs: 0,
      conflicts: 0,
    });
    expect(reports).toEqual([]);
  });

  it("reads of the journal only what is new", async () => {
    const froms: number[] = [];
    await log.commit(50);
    const writer = write({
      journal: {
        get end() {
          return log.journal.end;
        },
        readCommits: (from) => {
          froms.push(from);
          return log.journal.readCommits(from);
        },
      },
    });
    await until(writer, 50);
    await commit(1);
    await until(writer, 51);
    expect(froms).toEqual([0, 50]);
  });

  it("waits while the mirror is away, tells its lag, and catches up", async () => {
    await log.commit(10);
    const writer = write();
    await until(writer, 10);
    mirror.out = true;
    for (let i = 0; i < 40; i++) await commit(10);
    await expect.poll(() => writer.state().failure).toMatch(/mirror is out/);
    const { lagEntries, lagMs, mirroredSize } = writer.state();
    expect({ lagEntries, mirroredSize }).toEqual({ lagEntries: 400, mirroredSize: 10 });
    expect(lagMs).toBeGreaterThan(0);
    mirror.out = false;
    await until(writer, 410);
    await alike();
    expect(writer.state()).toMatchObject({ lagEntries: 0, lagMs: 0 });
    expect(writer.state().failure).toBeUndefined();
    expect(reports.map(({ kind }) => kind)).toEqual(["mirror_failed", "mirror_recovered"]);
  });

  it("leaves the commits of other nodes to them, for a short time", async () => {
    const writer = write({ isOwn: () => false, ownerGraceMs: 1_000 });
    await until(writer, 0);
    const begun = performance.now();
    const { start } = await log.commit(5);
    writer.wake();
    await sleep(100);
    await mirror.create(logKeys.commit(start), [(await log.objects.get(logKeys.commit(start)))!]);
    await until(writer, 5);
    expect(performance.now() - begun).toBeLessThan(900);
    const created = mirror.calls.create;
    await commit(5); // by a node that crashed behind it
    await until(writer, 10);
    expect(performance.now() - begun).toBeGreaterThan(1_000);
    expect(mirror.calls.create).toBe(created + 1);
    await alike();
  });

  it("never overwrites what differs: both are kept, and it says so once", async () => {
    await log.commit(5);
    const wrong = Buffer.from("something else");
    await mirror.create(logKeys.commit(5), [wrong]);
    await log.commit(5);
    await log.commit(5);
    const writer = write();
    await expect.poll(() => mirror.get(logKeys.commit(10))).toBeDefined();
    await expect.poll(() => writer.state()).toMatchObject({ mirroredSize: 5, conflicts: 1, lagEntries: 10 });
    expect(await mirror.get(logKeys.commit(5))).toEqual(wrong);
    expect(reports).toEqual([
      expect.objectContaining({ kind: "mirror_conflict", place: "the mirror", key: logKeys.commit(5) }),
    ]);
    const [report] = reports;
    const keptAs = report?.kind === "mirror_conflict" ? report.keptAs : "";
    expect(keptAs).toMatch(/^conflicts\/journal\/0000000000000005-[0-9a-f]{16}$/);
    expect(await mirror.get(keptAs)).toEqual(await log.objects.get(logKeys.commit(5)));
  });

  it("does not take another log's place", async () => {
    await mirror.create(logKeys.identity, [Buffer.from("{}\n")]);
    await log.commit(5);
    const writer = write();
    await expect.poll(() => writer.state().failure).toMatch(/another log of the name main/);
    expect(await mirror.get(logKeys.commit(0))).toBeUndefined();
  });

  it("writes nothing behind a fence", async () => {
    await log.commit(5);
    await mirror.create(logKeys.commit(5), [formatFence({ origin: "o", start: 5, successor: "s3://new" })]);
    await log.commit(5);
    const writer = write();
    await expect.poll(() => writer.state().failure).toMatch(/was fenced at entry 5: o goes on at s3:\/\/new/);
    expect(writer.state()).toMatchObject({ mirroredSize: 5, conflicts: 0 });
  });
});

describe("waiting for the mirror", () => {
  it("resolves when it has the commit, and not before", async () => {
    const writer = write({ mode: "sync" });
    await commit(5);
    await writer.waitFor(5, 5_000);
    expect(await mirror.get(logKeys.commit(0))).toBeDefined();
    await writer.waitFor(5, 0);
  });

  it("rejects when the mirror takes too long", async () => {
    const writer = write({ mode: "sync" });
    await until(writer, 0);
    mirror.out = true;
    await commit(5);
    await expect(writer.waitFor(5, 50)).rejects.toMatchObject({ code: "mirror_behind", retryAfterMs: 1_000 });
    mirror.out = false;
    await writer.waitFor(5, 10_000);
  });

  it("does not say so of commits that were trimmed here before they came, until their segment is there", async () => {
    await log.commit(10);
    const arrival = Promise.withResolvers<void>();
    const slowVault = {
      place: mirrorVault.place,
      put: async (...put: Parameters<FileVault["put"]>) => {
        await arrival.promise;
        return await mirrorVault.put(...put);
      },
      get: (...get: Parameters<FileVault["get"]>) => mirrorVault.get(...get),
      head: (...head: Parameters<FileVault["head"]>) => mirrorVault.head(...head),
      lock: () => mirrorVault.lock(),
      list: () => mirrorVault.list(),
    };
    const writer = write({ mirror: { place: "the mirror", objects: () => mirror, vault: () => slowVault } });
    await until(writer, 10);
    mirror.out = true;
    // More than are read before the mirror is back, however slow this machine is.
    for (let i = 0; i < 20; i++) await commit(100);
    await log.seal(1792);
    await log.journal.trim(1792);
    expect(log.journal.files[0]!.start).toBeGreaterThan(1000);
    writer.wake();
    mirror.out = false;
    await expect(writer.waitFor(1_000, 2_000)).rejects.toMatchObject({ code: "mirror_behind" });
    arrival.resolve();
    await writer.waitFor(2010, 10_000);
  });
});

describe("segments", () => {
  it("brings over the file, then the record; a journal that was trimmed is no hole", async () => {
    for (let i = 0; i < 12; i++) await log.commit(100);
    await log.seal(512);
    await log.seal(1024);
    await log.journal.trim(1024);
    expect(log.journal.files[0]!.start).toBeGreaterThan(0);
    const writer = write();
    await until(writer, 1200);
    for (const { key, lengthBytes } of log.segments) {
      expect(await mirrorVault.get({ key }, 0, lengthBytes)).toEqual(
        await log.vault.get({ key }, 0, lengthBytes),
      );
    }
    expect(await contentOf(mirror, "segments/")).toEqual(await contentOf(log.objects, "segments/"));
    await commit(10);
    await until(writer, 1210);
    expect(writer.state()).toMatchObject({ lagEntries: 0, conflicts: 0 });
  });

  it("sees that the file on the mirror is another one", async () => {
    await log.commit(600);
    const { key } = await log.seal(512);
    await mirrorVault.put(key, await log.writeFile("wrong", "wrong"));
    const writer = write();
    await expect.poll(() => writer.state().conflicts).toBe(1);
    expect(reports).toEqual([expect.objectContaining({ kind: "mirror_conflict", key })]);
    expect((await mirrorVault.list()).map((object) => object.key)).toEqual([
      key,
      expect.stringMatching(/^conflict-[0-9a-f]{16}-/),
    ]);
    expect(writer.mirroredSize).toBe(600);
  });
});
