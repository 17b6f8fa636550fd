import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FileObjects } from "./file-objects.ts";
import type { ObjectStore } from "./object-store.ts";
import { ReadAhead } from "./read-ahead.ts";
import { RootDirectory } from "./root-directory.ts";
import { logKeys } from "./store.ts";

let directory: string;
let objects: ObjectStore;
let gets: string[];
let mostAtOnce: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-ahead-"));
  const files = new FileObjects({ root: new RootDirectory(directory), path: "", timeoutMs: 5_000 });
  gets = [];
  mostAtOnce = 0;
  let atOnce = 0;
  objects = {
    place: files.place,
    create: (key, pieces) => files.create(key, pieces),
    list: (prefix, after) => files.list(prefix, after),
    delete: (keys) => files.delete(keys),
    get: async (key) => {
      gets.push(key);
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      try {
        return await files.get(key);
      } finally {
        atOnce--;
      }
    },
  };
});

afterEach(() => rm(directory, { recursive: true }));

it("reads one by one, then several at once, and each commit once, in order", async () => {
  for (let n = 0; n < 100; n++) await objects.create(logKeys.commit(3 * n), [Buffer.from(`commit ${n}`)]);
  const ahead = new ReadAhead(objects);
  for (let n = 0; n < 100; n++) {
    expect((await ahead.take(3 * n))?.toString()).toBe(`commit ${n}`);
    ahead.found(true);
    if (n === 31) expect(mostAtOnce).toBe(1);
  }
  expect(mostAtOnce).toBeGreaterThan(8);
  expect(gets.toSorted()).toEqual(Array.from({ length: 100 }, (_, n) => logKeys.commit(3 * n)));
});

it("sees what was created after it looked ahead", async () => {
  for (let n = 0; n < 40; n++) await objects.create(logKeys.commit(n), [Buffer.from(`commit ${n}`)]);
  const ahead = new ReadAhead(objects);
  for (let n = 0; n < 40; n++) {
    await ahead.take(n);
    ahead.found(true);
  }
  expect(await ahead.take(40)).toBeUndefined();
  ahead.found(false);
  await objects.create(logKeys.commit(40), [Buffer.from("commit 40")]);
  expect((await ahead.take(40))?.toString()).toBe("commit 40");
});
