import { mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "./open-store.ts";
import type { Store } from "./store.ts";
import { listed } from "./testing/object-store-contract.ts";

let root: string;
let store: Store;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "stele-store-"));
  store = openStore({
    journal: `file://${root}/journal`,
    vault: `file://${root}/vault`,
    s3: {},
    lock: { mode: "compliance", required: true },
    timeoutMs: 5_000,
  });
});

afterEach(async () => {
  await store.close();
  await rm(root, { recursive: true });
});

it("is probed, and nothing stays", async () => {
  expect(await store.probe()).toEqual({ vaultLock: "unsupported", warnings: [] });
  expect(await readdir(join(root, "journal", "probe"))).toEqual([]);
});

describe("whose directories vanish under a running node, as a mount that goes away does", () => {
  const identity = [Buffer.from("{}")];

  beforeEach(async () => {
    await store.probe();
    await store.objects("main").create("log.json", identity);
  });

  it("is out while the journal's is gone, and nothing is made in its place", async () => {
    const used = store.objects("main");
    await used.create("journal/0", identity);
    await rename(join(root, "journal"), join(root, "unmounted"));
    for (const objects of [used, store.objects("main"), store.objects("new")]) {
      for (const call of [
        () => objects.create("journal/1", identity),
        () => objects.get("journal/0"),
        () => listed(objects),
        () => objects.delete(["journal/0"]),
        () => store.logNames(),
      ]) {
        const error: unknown = await call().catch((caught: unknown) => caught);
        expect(error).toMatchObject({ code: "store_unavailable" });
        expect(String(error)).toContain(join(root, "journal"));
      }
    }
    await expect(store.probe()).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await readdir(root)).toEqual(["unmounted", "vault"]);
    await rename(join(root, "unmounted"), join(root, "journal"));
    expect(await used.create("journal/1", identity)).toBe("created");
    expect((await used.get("journal/0"))?.toString()).toBe("{}");
    expect(await store.objects("new").create("log.json", identity)).toBe("created");
    expect(await store.logNames()).toEqual(["main", "new"]);
  });

  it("has no vault while that's is gone, keeps the segment, and nothing is made in its place", async () => {
    const vault = store.vault("main");
    const staged = join(root, "staged");
    await writeFile(staged, "sealed");
    await rm(join(root, "vault"), { recursive: true });
    for (const call of [
      () => vault.put("a.parquet", staged, {}),
      () => vault.head({ key: "a.parquet" }),
      () => vault.get({ key: "a.parquet" }, 0, 1),
      () => vault.list(),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "store_unavailable" });
    }
    expect((await readdir(root)).toSorted()).toEqual(["journal", "staged"]);
  });
});

it("has a log once its log.json is there", async () => {
  await store.probe();
  expect(await store.logNames()).toEqual([]);
  await store.objects("half").create("journal/0", [Buffer.from("{}")]);
  for (const name of ["b", "a"]) await store.objects(name).create("log.json", [Buffer.from("{}")]);
  expect(await store.logNames()).toEqual(["a", "b"]);
});

it("keeps segments apart from commits", async () => {
  await store.probe();
  const staged = join(root, "staged");
  await writeFile(staged, "sealed");
  expect(await store.vault("main").list()).toEqual([]);
  await store.vault("main").put("a.parquet", staged, {});
  expect(await readdir(join(root, "vault", "logs", "main", "vault"))).toEqual(["a.parquet"]);
  expect(await store.vault("main").list()).toEqual([{ key: "a.parquet", lengthBytes: 6 }]);
});
