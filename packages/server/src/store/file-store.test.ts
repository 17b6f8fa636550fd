import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openStore } from "./open-store.ts";
import type { Store } from "./store.ts";

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

it("has a log once its log.json is there", async () => {
  expect(await store.logNames()).toEqual([]);
  await store.objects("half").create("journal/0", [Buffer.from("{}")]);
  for (const name of ["b", "a"]) await store.objects(name).create("log.json", [Buffer.from("{}")]);
  expect(await store.logNames()).toEqual(["a", "b"]);
});

it("keeps segments apart from commits", async () => {
  const staged = join(root, "staged");
  await writeFile(staged, "sealed");
  expect(await store.vault("main").list()).toEqual([]);
  await store.vault("main").put("a.parquet", staged, {});
  expect(await readdir(join(root, "vault", "logs", "main", "vault"))).toEqual(["a.parquet"]);
  expect(await store.vault("main").list()).toEqual([{ key: "a.parquet", lengthBytes: 6 }]);
});
