import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SteleNode } from "../node.ts";
import { verifyLogDirectory } from "./verify-directory.ts";

const SEGMENT_ENTRIES = 1024;
const ENTRIES = 3000;

let root: string;
let whole: string;
let log: string;
let state: string;

function body(from: number, count: number): Uint8Array {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ id: `e-${from + i}`, action: "a.b", actor: { id: `u-${(from + i) % 7}` } }),
  );
  return new Uint8Array(Buffer.from(lines.join("\n")));
}

async function fill(dataDir: string, from: number, to: number): Promise<void> {
  const node = await SteleNode.open({ dataDir, segmentEntries: SEGMENT_ENTRIES });
  const main = node.log("main")!;
  for (let at = from; at < to; at += 100) {
    await main.append(body(at, Math.min(100, to - at)), { type: "ndjson", encoding: "identity" });
  }
  const hotEntries = (): number => main.head().treeSize - main.status().sealedSize;
  while (hotEntries() >= SEGMENT_ENTRIES) await sleep(20);
  await node.close();
}

const verify = async (key?: string) =>
  await verifyLogDirectory(log, { stateDirectory: state, ...(key !== undefined && { key }) });

const flip = async (path: string, find: (bytes: Buffer) => number): Promise<void> => {
  const bytes = await readFile(path);
  bytes[find(bytes)]! ^= 1;
  await rm(path);
  await writeFile(path, bytes);
};

const files = async (folder: string): Promise<string[]> =>
  (await readdir(join(log, folder))).toSorted().map((name) => join(log, folder, name));

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "stele-verify-"));
  whole = join(root, "whole");
  await fill(whole, 0, ENTRIES);
});

beforeEach(async () => {
  const copy = await mkdtemp(join(root, "copy-"));
  await cp(whole, copy, { recursive: true });
  log = join(copy, "logs", "main");
  state = join(copy, "verifier");
});

afterAll(() => rm(root, { recursive: true }));

describe("a whole log", () => {
  it("verifies, says what was checked, and is remembered", async () => {
    const first = await verify();
    expect(first).toMatchObject({ treeSize: ENTRIES, extendsSize: undefined, keyFrom: "log" });
    expect(first.checked).toMatchObject({ segments: 2 });
    expect(first.checked.entries).toBeGreaterThanOrEqual(ENTRIES);
    expect(first.checked.commits).toBeGreaterThan(5);
    const dataDir = join(log, "..", "..");
    await fill(dataDir, ENTRIES, ENTRIES + 500);
    expect(await verify()).toMatchObject({
      treeSize: ENTRIES + 500,
      extendsSize: ENTRIES,
      keyFrom: "remembered",
      root: expect.not.stringContaining(first.root) as unknown,
    });
  });

  it("changes nothing in the directory", async () => {
    const before = await contents(log);
    await verify();
    expect(await contents(log)).toEqual(before);
  });

  it("verifies while the node writes and seals", async () => {
    const node = await SteleNode.open({ dataDir: join(log, "..", ".."), segmentEntries: SEGMENT_ENTRIES });
    let writing = true;
    const writer = (async () => {
      for (let at = ENTRIES; writing; at += 100) {
        await node.log("main")!.append(body(at, 100), { type: "ndjson", encoding: "identity" });
      }
    })();
    let size = 0;
    for (let round = 0; round < 4; round++) {
      const { treeSize } = await verify();
      expect(treeSize).toBeGreaterThanOrEqual(size);
      size = treeSize;
    }
    writing = false;
    await writer;
    await node.close();
    expect(size).toBeGreaterThan(ENTRIES);
  });
});

describe("what is found out, and where", () => {
  it("a changed byte in an entry of the journal", async () => {
    const [path] = await files("journal");
    await flip(path!, (bytes) => bytes.lastIndexOf("u-3") + 2);
    await expect(verify()).rejects.toMatchObject({
      code: "root_mismatch",
      message: expect.stringContaining(path!) as unknown,
    });
  });

  it("a changed byte in the origin of a commit", async () => {
    const [path] = await files("journal");
    await flip(path!, (bytes) => bytes.indexOf('"origin":"') + 12);
    await expect(verify()).rejects.toMatchObject({ code: "commit_inconsistent" });
  });

  it("a changed byte in a signature of the journal", async () => {
    const [path] = await files("journal");
    await flip(path!, (bytes) => bytes.lastIndexOf("\\n") - 9);
    await expect(verify()).rejects.toMatchObject({
      code: "checkpoint_not_authentic",
      message: expect.stringContaining(path!) as unknown,
    });
  });

  it("changed bytes anywhere in a segment's entries", async () => {
    const [path] = await files("segments");
    const { length } = await readFile(path!);
    for (const share of [0.1, 0.3, 0.5]) {
      await flip(path!, () => Math.floor(length * share));
      const error = await verify().then(
        () => undefined,
        (failure: { code: string; message: string }) => failure,
      );
      // Typed columns and padding are not evidence; whatever changes an entry is.
      if (error) {
        expect(error.code).toMatch(/^segment_/);
        expect(error.message).toContain(path);
      }
      await flip(path!, () => Math.floor(length * share));
    }
    await verify();
  });

  it("a removed segment, in the middle and at the end", async () => {
    const [first, second] = await files("segments");
    const kept = await readFile(first!);
    await rm(first!);
    await expect(verify()).rejects.toMatchObject({ code: "segment_missing" });
    await writeFile(first!, kept);
    await rm(second!);
    await rm(join(log, "checkpoint"));
    const [journal] = await files("journal");
    // The journal still has these entries as long as it was not trimmed: then nothing is lost.
    const outcome = await verify().then(
      ({ treeSize }) => treeSize,
      (error: { code: string }) => error.code,
    );
    expect([ENTRIES, "entries_missing"]).toContain(outcome);
    await rm(journal!);
    await writeFile(join(log, "checkpoint"), await readFile(join(whole, "logs", "main", "checkpoint")));
    await expect(verify()).rejects.toMatchObject({ code: "entries_missing" });
  });

  it("a cut-off end: by the checkpoint beside it, and without that by what was verified before", async () => {
    await verify();
    const path = (await files("journal")).at(-1)!;
    const bytes = await readFile(path);
    await truncate(path, bytes.lastIndexOf('{"commit":'));
    await expect(verify()).rejects.toMatchObject({ code: "entries_missing" });
    await rm(join(log, "checkpoint"));
    await expect(verify()).rejects.toMatchObject({ code: "entries_missing" });
  });

  it("yesterday's backup, in two steps: first only its checkpoint, so that this is remembered", async () => {
    const dataDir = await mkdtemp(join(root, "steps-"));
    await fill(dataDir, 0, 100);
    const backup = join(dataDir, "backup");
    log = join(dataDir, "logs", "main");
    state = join(dataDir, "verifier");
    await cp(log, backup, { recursive: true });
    // Commits end where segments end: then nothing is missed when the journal is gone.
    await fill(dataDir, 100, 1024);
    expect(await verify()).toMatchObject({ treeSize: 1024 });
    await cp(join(backup, "checkpoint"), join(log, "checkpoint"));
    for (const path of await files("journal")) await rm(path);
    expect(await verify()).toMatchObject({ treeSize: 1024, extendsSize: 1024 });
    log = backup;
    await expect(verify()).rejects.toMatchObject({ code: "entries_missing" });
  });

  it("another origin under the same key, of which nothing would be remembered", async () => {
    const dataDir = await mkdtemp(join(root, "renamed-"));
    log = join(dataDir, "logs", "main");
    await fill(dataDir, 0, 1024);
    const { vkey, origin } = await verify();
    const path = join(log, "log.json");
    await writeFile(path, (await readFile(path, "utf8")).replace(`"${origin}"`, `"${origin}/2"`));
    for (const journal of await files("journal")) await rm(journal);
    for (const key of [undefined, vkey]) {
      await expect(verify(key)).rejects.toMatchObject({ code: "checkpoint_origin_wrong" });
    }
  });

  it("another log, with a name and a key of its own, in its place", async () => {
    await verify();
    const other = await mkdtemp(join(root, "other-"));
    const node = await SteleNode.open({ dataDir: other, originPrefix: "elsewhere.example" });
    await node.log("main")!.append(body(0, 10), { type: "ndjson", encoding: "identity" });
    await node.close();
    await rm(log, { recursive: true });
    await cp(join(other, "logs", "main"), log, { recursive: true });
    await expect(verify()).rejects.toMatchObject({ code: "log_replaced" });
    const { vkey } = JSON.parse(await readFile(join(log, "log.json"), "utf8")) as { vkey: string };
    expect(await verify(vkey)).toMatchObject({ treeSize: 10, keyFrom: "given" });
    expect(await verify()).toMatchObject({ extendsSize: 10, keyFrom: "remembered" });
  });

  it("another history under the same name and key", async () => {
    await verify();
    const dataDir = await mkdtemp(join(root, "forged-"));
    await cp(join(log, "log.json"), join(dataDir, "logs", "main", "log.json"), { recursive: true });
    await cp(join(log, "key.pem"), join(dataDir, "logs", "main", "key.pem"));
    await fill(dataDir, 1, ENTRIES + 200);
    log = join(dataDir, "logs", "main");
    await expect(verify()).rejects.toMatchObject({
      code: "root_mismatch",
      message: expect.stringContaining("last verified") as unknown,
    });
  });

  it("another key than the one that is known", async () => {
    const { vkey } = await verify();
    const path = join(log, "log.json");
    const other = await mkdtemp(join(root, "other-"));
    await fill(other, 0, 1);
    const text = await readFile(path, "utf8");
    const { vkey: otherKey } = JSON.parse(
      await readFile(join(other, "logs", "main", "log.json"), "utf8"),
    ) as {
      vkey: string;
    };
    await writeFile(path, text.replace(vkey, otherKey));
    await expect(verify()).rejects.toMatchObject({ code: "key_changed" });
    await expect(verify(vkey)).rejects.toMatchObject({ code: "key_changed" });
  });
});

/** Every file below a directory and what is in it. */
async function contents(directory: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(path, (await readFile(path)).toString("base64"));
  }
  return found;
}
