import { chmod, copyFile, mkdir, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseQuery, type Query } from "@stele/query";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FileVault } from "../store/file-vault.ts";
import { SearchIndex } from "./search-index.ts";
import { SegmentCache } from "./segment-cache.ts";
import { buildSegment } from "./segment-builder.ts";
import { columnRanges } from "./segment-digests.ts";
import type { SegmentFiles } from "./segment-files.ts";
import { SegmentReader } from "./segment-reader.ts";
import type { DescribedSegment } from "./segment.ts";
import { CountingVault } from "./testing/counting-vault.ts";
import { entryTexts, START_MS, TestLog } from "./testing/test-log.ts";

const SEGMENTS = 4;
const SEGMENT_ENTRIES = 24_576;
const ALL: Query = { terms: [] };
const PLENTY = 1 << 30;

let log: TestLog;
const segments: DescribedSegment[] = [];
const entries = entryTexts(0, SEGMENTS * SEGMENT_ENTRIES);

beforeAll(async () => {
  log = await TestLog.create();
  for (let start = 0; start < entries.length; start += SEGMENT_ENTRIES) {
    const slice = entries.slice(start, start + SEGMENT_ENTRIES);
    segments.push(await buildSegment(log.job(start, slice, [await log.writeJournal(start, slice, 1000)])));
  }
});

afterAll(async () => await log[Symbol.asyncDispose]());

let caches = 0;

/** A vault with the segments, and a node's cache before it. */
async function remote(cacheBytes = PLENTY, directory = join(log.directory, `cache${caches++}`)) {
  const vaultDirectory = `${directory}.vault`;
  await mkdir(vaultDirectory, { recursive: true });
  for (const { key } of segments) {
    await copyFile(join(log.segments, key), join(vaultDirectory, key));
    await chmod(join(vaultDirectory, key), 0o600);
  }
  const vault = new CountingVault(await FileVault.open(vaultDirectory));
  const cache = await SegmentCache.open({ directory, cacheBytes });
  const files = cache.forLog("main", vault);
  return { vault, cache, files, directory, vaultPath: (i: number) => join(vaultDirectory, segments[i]!.key) };
}

/** Nothing is hot. */
const readEntries = async (): Promise<Uint8Array[]> => [];

function indexOf(files: SegmentFiles): SearchIndex {
  return new SearchIndex({ database: log.database, segments, files, readEntries });
}

function query(text: string): Query {
  return parseQuery(text, { nowMs: START_MS });
}

function columnBytes(segment: DescribedSegment): number {
  return columnRanges(segment).reduce((sum, { from, to }) => sum + to - from, 0);
}

const ALL_COLUMNS = () => segments.reduce((sum, segment) => sum + columnBytes(segment), 0);

/** Whether a request has bytes of the column `entry`. */
function isOfEntries({ key, from, to }: { key: string; from: number; to: number }): boolean {
  const { digests } = segments.find((segment) => segment.key === key)!;
  return digests.entryRanges.some((range) => range.from < to && from < range.to);
}

async function damage(path: string, from: number, to: number): Promise<void> {
  const file = await open(path, "r+");
  await file.write(Buffer.alloc(to - from, 0x55), 0, to - from, from);
  await file.close();
}

async function diskBytes(directory: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // What is being written may have got its name meanwhile.
    sum += await stat(path).then(
      ({ blocks }) => blocks * 512,
      () => 0,
    );
  }
  return sum;
}

it("fetches no entries for a typed search, and of a page the row groups with hits alone", async () => {
  const { vault, cache, files, directory } = await remote();
  const index = indexOf(files);
  const outcomes = await index.top(query("actor:actor-3"), "outcome", 10);
  expect(outcomes).toEqual(await indexOf(log.files).top(query("actor:actor-3"), "outcome", 10));
  expect(vault.reads.filter(isOfEntries)).toEqual([]);
  expect(vault.bytes).toBe(ALL_COLUMNS());
  expect(vault.atOnceMax).toBeLessThanOrEqual(16);
  expect(await diskBytes(directory)).toBeLessThan(ALL_COLUMNS() + 64 * 4096 * SEGMENTS);

  vault.reads.length = 0;
  const { items } = await index.search(query("actor:actor-3"), { order: "newest", limit: 20 });
  expect(items).toHaveLength(20);
  expect(items.every(({ entry, index: i }) => entry === entries[i])).toBe(true);
  expect(vault.reads).toEqual([expect.objectContaining({ key: segments.at(-1)!.key })]);
  const { from, to } = segments.at(-1)!.digests.entryRanges.at(-1)!;
  expect(vault.reads[0]).toMatchObject({ from, to });

  vault.reads.length = 0;
  await index.search(query("actor:actor-3"), { order: "newest", limit: 20 });
  await index.histogram(ALL, { buckets: 5 });
  expect(vault.reads).toEqual([]);
  expect(cache.counters).toMatchObject({ requests: expect.any(Number), hits: expect.any(Number) });
  expect(cache.counters.usedBytes).toBe(await diskBytes(directory));
});

it("finds an id by the row group that may have it", async () => {
  const { vault, files } = await remote();
  const reader = new SegmentReader(log.database, files);
  const segment = segments[1]!;
  const index = segment.start + 9000;
  expect(await reader.findId(segment, `id-${String(index).padStart(8, "0")}`)).toBe(index);
  expect(vault.reads).toHaveLength(2); // a row group may end inside of the block
  expect(vault.reads.every(isOfEntries)).toBe(true);
});

it("fetches once what several ask for at the same time", async () => {
  const { vault, files, cache } = await remote();
  vault.delay = async () => await delay(5);
  const index = indexOf(files);
  const tops = Array.from({ length: 6 }, async () => await index.top(ALL, "action", 3));
  const reads = Array.from({ length: 6 }, async () => {
    const { from, to } = segments[0]!.digests.entryRanges[0]!;
    return await files.read(segments[0]!, from, to);
  });
  await Promise.all([...tops, ...reads]);
  const { from, to } = segments[0]!.digests.entryRanges[0]!;
  expect(vault.bytes).toBe(ALL_COLUMNS() + to - from);
  expect(cache.counters.fetchedBytes).toBe(vault.bytes);
  expect(cache.counters.requests).toBe(vault.reads.length);
});

it("verifies after a restart what it finds, and heals what is damaged", async () => {
  const { directory, files, cache } = await remote();
  await indexOf(files).search(query('"needle7 "'), { order: "newest", limit: 1000 });
  await indexOf(files).top(ALL, "action", 3);
  await cache.close();
  const path = (i: number): string => join(directory, "main", segments[i]!.key);
  await writeFile(join(directory, "main", `${segments[0]!.key}.new`), "unfinished");
  const expected = await indexOf(log.files).top(query("ip:10.0.1.0/24"), "ip", 10);

  const again = await remote(PLENTY, directory);
  await expect(readdir(join(directory, "main"))).resolves.toEqual(segments.map(({ key }) => key));
  await indexOf(again.files).top(ALL, "action", 3);
  expect(again.vault.reads).toEqual([]);

  const { digests } = segments[3]!;
  const entryRange = digests.entryRanges[0]!;
  await damage(path(0), 100, 140); // in the columns
  await damage(path(1), segments[1]!.lengthBytes - 200, segments[1]!.lengthBytes - 100); // in the footer
  await damage(path(3), entryRange.from + 10, entryRange.from + 20);
  const third = await remote(PLENTY, directory);
  const index = indexOf(third.files);
  expect(await index.top(query("ip:10.0.1.0/24"), "ip", 10)).toEqual(expected);
  const keys = new Set(third.vault.reads.map(({ key }) => key));
  expect(keys).toEqual(new Set([segments[0]!.key, segments[1]!.key]));
  third.vault.reads.length = 0;
  expect(await third.files.read(segments[3]!, entryRange.from, entryRange.to)).toEqual(
    (await readFile(join(log.segments, segments[3]!.key))).subarray(entryRange.from, entryRange.to),
  );
  expect(third.vault.reads).toEqual([{ key: segments[3]!.key, from: entryRange.from, to: entryRange.to }]);
});

it("heals what is damaged or deleted while it runs", async () => {
  const { directory, files, vault } = await remote();
  const index = indexOf(files);
  const search = async () => await index.search(query('"needle7 "'), { order: "newest", limit: 500 });
  const expected = await search();
  const path = (i: number): string => join(directory, "main", segments[i]!.key);
  const last = segments.at(-1)!;
  await damage(path(3), 0, last.lengthBytes);
  expect(await search()).toEqual(expected);
  await rm(path(3));
  await rm(path(2));
  expect(await search()).toEqual(expected);
  await files.prefetchColumns(segments[0]!);
  await rm(path(0));
  const range = segments[0]!.digests.entryRanges[0]!;
  expect(await files.read(segments[0]!, range.from, range.to)).toHaveLength(range.to - range.from);
  const { from, to } = last.digests.entryRanges[1]!;
  await damage(path(3), from + 5, from + 6);
  vault.reads.length = 0;
  await files.read(last, from, to);
  expect(vault.reads).toEqual([{ key: last.key, from, to }]);
});

it("tells that the vault itself is damaged, and gives nothing of it", async () => {
  const { vaultPath, files } = await remote();
  const index = indexOf(files);
  const failure = { name: "VerificationError", code: "segment_corrupt" };
  const { from, to } = segments[2]!.digests.entryRanges[0]!;
  await damage(vaultPath(2), from + 10, from + 20);
  await index.top(ALL, "action", 3);
  await expect(index.top(query('"needle7 "'), "action", 3)).rejects.toMatchObject({
    ...failure,
    message: expect.stringContaining(files.place(segments[2]!)),
  });
  await expect(files.read(segments[2]!, from, to)).rejects.toMatchObject(failure);
  await rm(vaultPath(0));
  await expect(files.using(segments, "all", async () => undefined)).rejects.toMatchObject(failure);

  const other = await remote();
  await damage(other.vaultPath(1), 50, 60);
  await expect(indexOf(other.files).top(ALL, "action", 3)).rejects.toMatchObject(failure);
});

it("goes on where the vault failed for a while", async () => {
  const { vault, files } = await remote();
  const index = indexOf(files);
  let n = 0;
  vault.delay = async () => {
    await delay(1);
    if (n++ > 10) throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
  };
  await expect(index.top(ALL, "action", 3)).rejects.toThrow("reset");
  vault.delay = async () => undefined;
  expect((await index.top(ALL, "action", 3)).values).toHaveLength(3);
});

it("stays within its bound, keeps columns rather than entries, and finds the same", async () => {
  const whole = segments[0]!.lengthBytes;
  // One whole segment is more than a quarter of it, so texts are searched one by one.
  const cacheBytes = 3 * whole;
  const { files, cache, directory } = await remote(cacheBytes);
  const index = indexOf(files);
  const local = indexOf(log.files);
  let usedMax = 0;
  let done = false;
  const watching = (async () => {
    while (!done) {
      usedMax = Math.max(usedMax, await diskBytes(directory));
      await delay(2);
    }
  })();
  for (const text of ['"needle7 "', '"needle8 " outcome:success', "actor:actor-5"]) {
    const [here, there] = await Promise.all(
      [index, local].map(async (searched) => ({
        top: await searched.top(query(text), "actor", 10),
        histogram: await searched.histogram(query(text), { buckets: 20, field: "action" }),
        page: await searched.search(query(text), { order: "oldest", limit: 1000 }),
      })),
    );
    expect(here).toEqual(there);
  }
  await Promise.all(
    Array.from({ length: 8 }, async (_, i) => await index.top(query(`"needle${i} "`), "outcome", 3)),
  );
  done = true;
  await watching;
  expect(usedMax).toBeLessThanOrEqual(cacheBytes + whole / 2);
  expect(cache.counters.usedBytes).toBeLessThanOrEqual(cacheBytes);
  const { fetchedBytes } = cache.counters;
  await index.top(ALL, "outcome", 3);
  expect(cache.counters.fetchedBytes - fetchedBytes).toBeLessThan(ALL_COLUMNS() / 2);
  const rows = await log.database.query("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'hits%'");
  expect(rows).toEqual([[0n]]);
});

it("evicts what an earlier process left and nobody used", async () => {
  const { directory, files, cache } = await remote();
  await files.using(segments, "all", async () => undefined);
  await cache.close();
  const smaller = await remote(2 * segments[0]!.lengthBytes, directory);
  expect(await diskBytes(directory)).toBeLessThanOrEqual(2 * segments[0]!.lengthBytes);
  expect((await indexOf(smaller.files).top(ALL, "action", 3)).values).toHaveLength(3);
});

it("takes over what this node has sealed, and fetches ahead the columns of what another one did", async () => {
  const { vault, files, directory } = await remote();
  const source = join(log.segments, segments[0]!.key);
  await chmod(source, 0o444);
  await files.adopt(segments[0]!, source);
  await files.using([segments[0]!], "all", async ([path]) => {
    expect(await readFile(path!)).toEqual(await readFile(source));
  });
  expect(vault.reads).toEqual([]);
  await files.prefetchColumns(segments[1]!);
  expect(vault.bytes).toBe(columnBytes(segments[1]!));
  // It is the cache's own: damage does not reach the file that was adopted, and can be healed.
  const { from, to } = segments[0]!.digests.entryRanges[0]!;
  await damage(join(directory, "main", segments[0]!.key), from, to);
  const bytes = await files.read(segments[0]!, from, to);
  expect(bytes).toEqual((await readFile(source)).subarray(from, to));
});
