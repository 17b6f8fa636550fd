import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UnavailableError } from "@stele/proof";
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
let lists: number;
/** What a list says of each object. */
let lengthBytes: number;
let failing: string | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-ahead-"));
  const files = new FileObjects({ root: new RootDirectory(directory), path: "", timeoutMs: 5_000 });
  gets = [];
  lists = 0;
  lengthBytes = 1;
  failing = undefined;
  mostAtOnce = 0;
  let atOnce = 0;
  objects = {
    place: files.place,
    create: (key, pieces) => files.create(key, pieces),
    list: async function* (prefix, after) {
      lists++;
      for await (const { key } of files.list(prefix, after)) yield { key, lengthBytes };
    },
    delete: (keys) => files.delete(keys),
    get: async (key) => {
      gets.push(key);
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      try {
        if (key === failing) throw new UnavailableError("store_unavailable", key);
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
  expect(mostAtOnce).toBeGreaterThan(1);
  expect(mostAtOnce).toBeLessThanOrEqual(16);
  expect(lists).toBe(1);
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

/** Places commits of one entry each, and takes the first ones. */
async function behind(count: number, taken: number): Promise<ReadAhead> {
  for (let n = 0; n < count; n++) await objects.create(logKeys.commit(n), [Buffer.from(`commit ${n}`)]);
  const ahead = new ReadAhead(objects);
  for (let n = 0; n < taken; n++) await takeOne(ahead, n);
  return ahead;
}

async function takeOne(ahead: ReadAhead, n: number): Promise<void> {
  expect((await ahead.take(n))?.toString()).toBe(`commit ${n}`);
  ahead.found(true);
}

it.each([
  [10, 3],
  [20, 1],
  [100, 1],
])("reads commits of %d MiB %d at a time", async (lengthMib, most) => {
  lengthBytes = lengthMib * 2 ** 20;
  await behind(50, 50);
  expect(mostAtOnce).toBe(most);
});

it("reads alone what is not what was listed", async () => {
  const ahead = await behind(60, 40);
  await takeOne(ahead, 45);
  for (let n = 46; n < 60; n++) await takeOne(ahead, n);
  expect(lists).toBe(1);
});

it("fails where a commit can't be read, not before, and reads it again", async () => {
  failing = logKeys.commit(40);
  const ahead = await behind(60, 40);
  await expect(ahead.take(40)).rejects.toMatchObject({ code: "store_unavailable" });
  failing = undefined;
  for (let n = 40; n < 60; n++) await takeOne(ahead, n);
});
