import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tamperSegment } from "../testing/tamper-segment.ts";
import { flip, VerifiedNode } from "./testing/verified-node.ts";

let subject: VerifiedNode;

afterEach(() => subject[Symbol.asyncDispose]());

describe("a log in a directory", () => {
  beforeEach(async () => {
    subject = await VerifiedNode.create("directory");
  });

  it("has no findings when it is whole, and says that it was read", async () => {
    expect(await subject.verify()).toEqual([]);
    const { verification } = subject.log.status();
    expect(verification).toMatchObject({
      findings: 0,
      isLate: false,
      lastFullMs: expect.any(Number) as unknown,
    });
    expect(verification!.verifiedBytes).toBeGreaterThan(2500 * 50);
    expect(subject.node.alarms.active).toEqual([]);
  });

  it("finds a flipped bit in a sealed entry, names the file, and goes on to find another", async () => {
    const [first, second] = await subject.files(subject.primary, "segments");
    await subject.change(
      first!,
      flip((bytes) => Math.floor(bytes.length * 0.5)),
    );
    await tamperSegment(second!, "CASE WHEN seq = 1500 THEN 'x.y' ELSE action END AS action");
    const findings = await subject.verify();
    expect(findings).toContainEqual(expect.objectContaining({ place: first }));
    expect(findings).toContainEqual(
      expect.objectContaining({
        place: second,
        code: "segment_columns_differ",
        evidence: expect.objectContaining({ column: "action", leafIndex: 1500 }) as unknown,
      }),
    );
    const alarms = subject.node.alarms.active.filter(({ code }) => code === "verification_failed");
    expect(alarms.map(({ subject: place }) => place)).toContain(`${second}: segment_columns_differ`);
    // The same again is no other alarm; what is right again stays one.
    await subject.verify();
    expect(subject.node.alarms.active).toHaveLength(alarms.length);
  });

  it("finds a flipped bit in a journal commit, and only that", async () => {
    const path = (await subject.files(subject.primary, "journal")).at(-1)!;
    await subject.change(
      path,
      flip((bytes) => bytes.lastIndexOf('"e-2210"') + 4),
    );
    const findings = await subject.verify();
    expect(findings.map(({ code }) => code)).toContain("root_mismatch");
    for (const { place, firstIndex, lastIndex } of findings) {
      expect(place).toMatch(/byte \d+|entry 2210/);
      expect(firstIndex).toBeLessThanOrEqual(2210);
      expect(lastIndex).toBeGreaterThanOrEqual(2210);
    }
  });

  it("finds a flipped bit in the journal where that is sealed already", async () => {
    const [path] = await subject.files(subject.primary, "journal");
    await subject.change(
      path!,
      flip((bytes) => bytes.indexOf('"e-10"') + 3),
    );
    const findings = await subject.verify();
    expect(findings.length).toBeGreaterThan(0);
    for (const { place, code } of findings)
      expect([place, code]).toEqual([expect.stringContaining(path!), "root_mismatch"]);
  });

  it("blames a changed segment, and not the journal behind it, where a checkpoint was kept of a size inside", async () => {
    const [first] = await subject.files(subject.primary, "segments");
    const notes = await subject.files(subject.primary, "journal");
    const commit = (await readFile(notes[0]!, "utf8"))
      .split("\n")
      .find((line) => line.includes("\\n300\\n"))!;
    const anchor = join(subject.primary, "anchors", "300".padStart(16, "0"));
    await mkdir(anchor, { recursive: true });
    await writeFile(join(anchor, "checkpoint"), (JSON.parse(commit) as { checkpoint: string }).checkpoint);
    expect(await subject.verify()).toEqual([]);
    await tamperSegment(first!, "CASE WHEN seq = 290 THEN entry || ' ' ELSE entry END AS entry");
    const findings = await subject.verify();
    expect(findings.map(({ code }) => code)).toContain("segment_mismatch");
    for (const { place } of findings) expect(place).toBe(first);
  });

  it("finds a deleted segment, and a truncated tail", async () => {
    const [first] = await subject.files(subject.primary, "segments");
    await rm(first!);
    const path = (await subject.files(subject.primary, "journal")).at(-1)!;
    await subject.change(path, (bytes) => bytes.subarray(0, bytes.lastIndexOf('{"commit":')));
    const codes = (await subject.verify()).map(({ code }) => code);
    expect(codes).toContain("segment_missing");
    expect(codes).toContain("entries_missing");
  });

  it("finds that an older copy of the directory was put in its place, by what it remembers", async () => {
    const data = join(subject.root, "data");
    await subject.stop();
    await subject.copy(data, join(subject.root, "backup"));
    await subject.start();
    await subject.append(2500, 300);
    expect(await subject.verify()).toEqual([]);
    await subject.stop();
    await subject.copy(join(subject.root, "backup"), data);
    await subject.start();
    const findings = await subject.verify();
    expect(findings).toContainEqual(expect.objectContaining({ code: "entries_missing" }));
    expect(findings[0]!.message).toContain("last verified");
    // It goes on with other entries, as whoever rolled it back wants.
    await subject.append(5000, 500);
    expect(await subject.verify()).toContainEqual(expect.objectContaining({ code: "root_mismatch" }));
    // And does not forget it when it starts again.
    await subject.stop();
    await subject.start();
    expect(subject.node.alarms.active).toContainEqual(
      expect.objectContaining({ code: "verification_failed" }),
    );
  });

  it("finds damage by itself, while nobody asks", async () => {
    const path = (await subject.files(subject.primary, "journal")).at(-1)!;
    await subject.change(
      path,
      flip((bytes) => bytes.lastIndexOf('"e-2310"') + 4),
    );
    await expect
      .poll(() => subject.node.alarms.active.map(({ code }) => code), { timeout: 50_000 })
      .toContain("verification_failed");
  });

  it("is not put off by a time to come that a wrong clock, or somebody, wrote into its memory", async () => {
    expect(await subject.verify()).toEqual([]);
    await subject.stop();
    await subject.change(join(subject.memory, "main.json"), (bytes) => {
      const [kept, ms] = [JSON.parse(bytes.toString()) as Record<string, unknown>, Date.now() + 1e12];
      return Buffer.from(JSON.stringify({ ...kept, firstStartMs: ms, lastFullMs: ms }));
    });
    const [path] = await subject.files(subject.primary, "segments");
    await tamperSegment(path!, "CASE WHEN seq = 500 THEN 'x.y' ELSE action END AS action");
    await subject.start();
    await expect
      .poll(() => subject.node.alarms.active.map(({ code }) => code), { timeout: 30_000 })
      .toContain("verification_failed");
  });

  it("begins a pass by request, once, whatever it does by itself", async () => {
    const verification = subject.log.verification!;
    const [first] = await subject.files(subject.primary, "segments");
    await tamperSegment(first!, "CASE WHEN seq = 600 THEN 'x.y' ELSE action END AS action");
    expect([verification.begin(), verification.begin()]).toEqual([true, false]);
    expect(verification.status()).toMatchObject({ isRunning: true, progress: 0 });
    await expect.poll(() => verification.status().isRunning, { timeout: 50_000 }).toBe(false);
    expect(verification.findings).toContainEqual(
      expect.objectContaining({ code: "segment_columns_differ", firstIndex: 600, lastIndex: 600 }),
    );
    expect(verification.begin()).toBe(true);
  });

  it("finds an anchor that the log does not agree with", async () => {
    const { treeSize, note } = subject.log.head();
    const anchor = join(subject.primary, "anchors", String(treeSize).padStart(16, "0"));
    await mkdir(anchor, { recursive: true });
    await writeFile(join(anchor, "checkpoint"), note);
    expect(await subject.verify()).toEqual([]);
    // The head of another log.
    const other = await VerifiedNode.create("directory", 100);
    await rm(anchor, { recursive: true });
    const forged = join(subject.primary, "anchors", String(100).padStart(16, "0"));
    await mkdir(forged, { recursive: true });
    await writeFile(join(forged, "checkpoint"), other.log.head().note);
    await other[Symbol.asyncDispose]();
    expect(await subject.verify()).toContainEqual(
      expect.objectContaining({ place: expect.stringContaining(basename(forged)) as unknown }),
    );
  });

  it("finds history that was written anew and signed with the real key", async () => {
    expect(await subject.verify()).toEqual([]);
    await subject.stop();
    const data = join(subject.root, "data");
    const log = join(data, "logs", "main");
    for (const name of await readdir(log)) {
      if (name !== "log.json" && name !== "key.pem") await rm(join(log, name), { recursive: true });
    }
    await subject.start();
    await subject.append(7000, 3000);
    expect(await subject.verify()).toContainEqual(
      expect.objectContaining({
        code: "root_mismatch",
        message: expect.stringContaining("last verified") as unknown,
      }),
    );
  });
});

describe("a log in a store, with a mirror", () => {
  beforeEach(async () => {
    subject = await VerifiedNode.create("shared");
  });

  it("has no findings when both are whole", async () => {
    expect(await subject.verify()).toEqual([]);
  });

  it.each(["primary", "mirror"] as const)("finds damage of the %s, and where", async (side) => {
    const place = subject[side];
    const [first, second] = await subject.files(place, "vault");
    await subject.change(
      first!,
      flip((bytes) => Math.floor(bytes.length * 0.5)),
    );
    await rm(second!);
    const commit = (await subject.files(place, "journal")).at(-1)!;
    await subject.change(
      commit,
      flip((bytes) => bytes.lastIndexOf('"e-24') + 5),
    );
    const findings = await subject.verify();
    expect(findings.map(({ place: found, code }) => `${basename(found)}: ${code}`).toSorted()).toEqual(
      [
        `${basename(commit)}: root_mismatch`,
        `${basename(first!)}: segment_corrupt`,
        `${basename(second!)}: segment_corrupt`,
      ].toSorted(),
    );
    for (const { copy } of findings) expect(copy).toContain(`/${side === "primary" ? "store" : "mirror"}/`);
  });

  it("finds objects that are gone from the middle of a mirror", async () => {
    const commits = await subject.files(subject.mirror, "journal");
    await rm(commits.at(-2)!);
    await rm((await subject.files(subject.mirror, "segments"))[0]!);
    const codes = (await subject.verify()).map(({ code, copy }) => [code, copy.includes("/mirror/")]);
    expect(codes).toContainEqual(["segment_missing", true]);
    expect(codes).toContainEqual(["journal_gap", true]);
  });

  it("finds that the store was rolled back under it, and refuses to start on it", async () => {
    const store = join(subject.root, "store");
    await subject.copy(store, join(subject.root, "backup"));
    await subject.append(2500, 300);
    expect(await subject.verify()).toEqual([]);
    await subject.copy(join(subject.root, "backup"), store);
    expect(await subject.verify()).toContainEqual(
      expect.objectContaining({
        code: "entries_missing",
        copy: expect.stringContaining("/store/") as unknown,
      }),
    );
    await subject.stop();
    await expect(subject.start()).rejects.toMatchObject({ code: "journal_truncated" });
  });

  it("finds a damaged file of the cache of columns", async () => {
    const cached = await subject.files(subject.root, "data", "cache", "_segments", "main");
    await subject.change(
      cached[0]!,
      flip((bytes) => bytes.length - 200),
    );
    expect(await subject.verify()).toEqual([
      expect.objectContaining({ code: "cache_corrupt", copy: "this node" }),
    ]);
  });
});

it("takes a truncated file of a journal for what it is while nothing else runs", async () => {
  subject = await VerifiedNode.create("directory", 300);
  const [path] = await subject.files(subject.primary, "journal");
  await truncate(path!, 10);
  expect((await subject.verify()).map(({ code }) => code)).toContain("entries_missing");
});
