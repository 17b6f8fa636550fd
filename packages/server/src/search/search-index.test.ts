import { rm } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseQuery, type ParsedEntry } from "@stele/query";
import { SearchIndex } from "./search-index.ts";
import { buildSegment } from "./segment-builder.ts";
import { ALL, allPages, expected, filled, QUERIES, query, reading } from "./testing/filled-index.ts";
import { entryText, entryTexts, linesOf, START_MS, TestLog } from "./testing/test-log.ts";

const lastDay = (nowMs: number) => parseQuery("after:-24h", { nowMs });

it("finds what a filter over all entries finds, in pages of any size, hot and sealed, in both orders", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 2500);
  const { index } = await filled(log, entries, [256, 512, 256, 768]);
  expect(index.indexedSize).toBe(2500);
  expect(index.sealedSize).toBe(1792);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...QUERIES),
      fc.constantFrom("newest" as const, "oldest" as const),
      fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 100, max: 1000 }))),
      async (text, order, limits) => {
        const filter = query(text);
        let found = expected(entries, filter);
        if (order === "newest") found = found.toReversed();
        // Pages of one item would take long for thousands of hits.
        const least = Math.ceil(found.length / 25);
        const items = await allPages(index, filter, { order }, () => Math.max(least, limits.next().value));
        expect(items).toEqual(found.map((i) => ({ index: i, entry: entries[i] })));
      },
    ),
    { numRuns: 60 },
  );
  await index.close();
});

it("shows each entry exactly once while entries are appended, sealed and searched", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 12_000);
  const file = await log.writeJournal(0, entries, 500);
  const index = new SearchIndex({
    database: log.database,
    files: log.files,
    segments: [],
    readEntries: reading(entries),
  });
  let done = false;
  const writing = (async () => {
    for (let start = 0; start < entries.length; start += 250) {
      await index.append(start, 250, [
        linesOf(entries.slice(start, start + 100)),
        linesOf(entries.slice(start + 100, start + 250)),
      ]);
    }
  })();
  const sealing = (async () => {
    for (let start = 0; start < 9216; start += 1024) {
      await index.waitFor(start + 1024, 20_000);
      await index.addSegment(await buildSegment(log.job(start, entries.slice(start, start + 1024), [file])));
    }
    await index.waitFor(entries.length, 20_000);
  })().finally(() => (done = true));
  const searching = (["newest", "oldest"] as const).map(async (order) => {
    while (!done) {
      // Before the first entry, a search does not wait for anything.
      await setImmediate();
      const items = await allPages(index, ALL, { order }, () => 700);
      const indexes = items.map((item) => item.index);
      const wanted = indexes.map((_, i) => (order === "newest" ? indexes.length - 1 - i : i));
      expect(indexes).toEqual(wanted);
      const { total, indexedSize } = await index.histogram(ALL, { buckets: 10, field: "outcome" });
      expect(total).toBe(indexedSize);
    }
  });
  await Promise.all([writing, sealing, ...searching]);
  expect(index.sealedSize).toBe(9216);
  expect((await index.top(ALL, "outcome", 10)).values.reduce((sum, { count }) => sum + count, 0)).toBe(
    12_000,
  );
  for (const i of [0, 5000, 9216, 11_999])
    expect(await index.findById(`id-${String(i).padStart(8, "0")}`)).toBe(i);
  expect(await index.findById("id-99999999")).toBeUndefined();
  expect(await index.findById("'; DROP")).toBeUndefined();
  await index.close();
});

it("counts over time and by field as a count over all entries does", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 1200);
  const { index } = await filled(log, entries, [512]);
  const parsed = entries.map((text) => JSON.parse(text) as ParsedEntry);
  const intervalMs = 60_000;
  const filter = query("-outcome:failure");
  const from = START_MS + 30_000;
  const to = START_MS + 700_000;
  const hits = parsed.filter(
    ({ outcome, occurred_at: at }) => outcome !== "failure" && Date.parse(at) >= from && Date.parse(at) < to,
  );
  const histogram = await index.histogram(filter, { intervalMs, from, to, field: "actor" });
  expect(histogram.total).toBe(hits.length);
  expect(histogram.buckets.map(({ start }) => start)).toEqual(
    Array.from({ length: 12 }, (_, i) => START_MS + i * intervalMs),
  );
  for (const { start, count, counts } of histogram.buckets) {
    const inBucket = hits.filter(
      ({ occurred_at: at }) => Math.floor(Date.parse(at) / intervalMs) * intervalMs === start,
    );
    expect(count).toBe(inBucket.length);
    expect(Object.values(counts).reduce((a, b) => a + b, 0)).toBe(count);
    for (const name of histogram.values) {
      expect(counts[name] ?? 0).toBe(inBucket.filter(({ actor }) => actor.id === name).length);
    }
  }
  for (const field of ["outcome", "tenant", "action", "actor_type", "actor", "source", "ip"] as const) {
    const text = await index.histogram(query('"needle7 "'), { buckets: 3, field });
    expect(text.total).toBe(12);
    expect(
      text.buckets.reduce((sum, { counts }) => sum + Object.values(counts).reduce((a, b) => a + b, 0), 0),
    ).toBe(12);
    expect(text.values).toEqual(
      (await index.top(query('"needle7 "'), field, 10)).values.map(({ value }) => value),
    );
  }
  const targets = await index.histogram(ALL, { buckets: 1, field: "target" });
  expect(targets.total).toBe(1200);
  const ofTargets = parsed.flatMap((entry) => entry.targets ?? []).length;
  expect(targets.buckets.flatMap(({ counts }) => Object.values(counts)).reduce((a, b) => a + b, 0)).toBe(
    ofTargets,
  );
  expect((await index.top(ALL, "target", 3)).values).toHaveLength(3);
  expect((await index.top(ALL, "tenant", 3)).values[0]).toEqual({ value: "tenant-0", count: 200 });
  await expect(index.histogram(ALL, { intervalMs: 1 })).rejects.toMatchObject({ code: "search_invalid" });
  await index.close();
});

it.each(["actor", "tenant"] as const)(
  "what nobody is named for is not counted for a %s called other",
  async (field) => {
    await using log = await TestLog.create();
    // "other" is the most frequent, and twelve more are too many to be named.
    const names = Array.from({ length: 300 }, (_, i) =>
      i % 3 === 0 ? `name-${i % 12}-${i % 4}` : i % 3 === 1 ? "other" : `x-${i % 36}`,
    );
    const entries = names.map((name, i) => entryText(i, { tenant: name, actor: { type: "user", id: name } }));
    const { index } = await filled(log, entries, [256]);
    const { values, buckets } = await index.histogram(ALL, { buckets: 1, field });
    expect(values).not.toContain("other");
    const counted = new Map<string, number>();
    for (const { counts } of buckets) {
      for (const [value, n] of Object.entries(counts)) counted.set(value, (counted.get(value) ?? 0) + n);
    }
    const isOf = (value: string) => names.filter((name) => name === value).length;
    for (const value of values) expect(counted.get(value)).toBe(isOf(value));
    expect(counted.get("other")).toBe(300 - values.reduce((sum, value) => sum + isOf(value), 0));
    expect((await index.top(ALL, field, 1)).values).toEqual([{ value: "other", count: 100 }]);
    await index.close();
  },
);

/** As long as a name may be, and of characters that are six bytes each in JSON. */
function long(i: number): string {
  return `${String(i).padStart(4, "0")}${"\u0001".repeat(1_020)}`;
}

it("answers no longer than it may where values are long, and never with a part of one", async () => {
  await using log = await TestLog.create();
  const names = Array.from({ length: 1_200 }, (_, i) => (i % 3 === 0 ? "short" : long(i % 3 === 1 ? 1 : i)));
  const actors = names.map((name, i) => entryText(i, { actor: { type: name, id: name } }));
  const { index } = await filled(log, actors, [256, 512]);
  const top = await index.top(ALL, "actor", 1_000);
  expect(top.isShortened).toBe(true);
  expect(top.values.slice(0, 3)).toEqual([
    { value: long(1), count: 400 },
    { value: "short", count: 400 },
    { value: long(2), count: 1 },
  ]);
  const bytes = Buffer.byteLength(JSON.stringify(top.values.map(({ value }) => value)));
  expect(bytes).toBeGreaterThan(1_000_000);
  expect(bytes).toBeLessThanOrEqual(1024 * 1024);
  expect(await index.top(ALL, "actor", 3)).toMatchObject({
    values: top.values.slice(0, 3),
    isShortened: false,
  });

  for (const field of ["actor", "actor_type"] as const) {
    const few = await index.histogram(ALL, { buckets: 1, field });
    expect(few.values.slice(0, 2)).toEqual([long(1), "short"]);
    expect(few.buckets[0]!.counts).toMatchObject({ [long(1)]: 400, short: 400, other: 392 });
    const many = await index.histogram(ALL, { intervalMs: 500, field });
    expect(many.buckets.length).toBeGreaterThan(2_000);
    expect(many.values).toEqual(["short"]);
    const sum = (name: string) => many.buckets.reduce((total, { counts }) => total + (counts[name] ?? 0), 0);
    expect([sum("short"), sum("other"), many.total]).toEqual([400, 800, 1_200]);
  }
  await index.close();
});

it("is empty before the first entry", async () => {
  await using log = await TestLog.create();
  const entries: string[] = [];
  const index = new SearchIndex({
    database: log.database,
    files: log.files,
    segments: [],
    readEntries: reading(entries),
  });
  expect(await index.search(ALL, { order: "newest", limit: 10 })).toEqual({
    items: [],
    nextCursor: null,
    indexedSize: 0,
    total: 0,
  });
  expect(await index.histogram(ALL, { buckets: 10, field: "actor" })).toMatchObject({
    total: 0,
    buckets: [],
  });
  expect((await index.top(ALL, "ip", 10)).values).toEqual([]);
  expect(await index.findById("id")).toBeUndefined();
  await expect(index.waitFor(1, 10)).rejects.toMatchObject({ code: "index_behind" });
  await index.close();
});

it("gives at least one entry a page, and about 8 MiB at most", async () => {
  await using log = await TestLog.create();
  const entries = Array.from({ length: 400 }, (_, i) =>
    entryText(i, { metadata: { pad: "é".repeat(31_000) } }),
  );
  const { index } = await filled(log, entries, [256], 20);
  const pages: number[] = [];
  let cursor: string | null = null;
  do {
    const page = await index.search(ALL, {
      order: "oldest",
      limit: 1000,
      ...(cursor !== null && { cursor }),
    });
    pages.push(page.items.length);
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(pages.reduce((a, b) => a + b, 0)).toBe(400);
  expect(Math.max(...pages)).toBeLessThan(280);
  await index.close();
});

it("refuses cursors that are not of this query and order", async () => {
  await using log = await TestLog.create();
  const { index } = await filled(log, entryTexts(0, 300), []);
  const { nextCursor } = await index.search(query("outcome:success"), { order: "newest", limit: 5 });
  const options = { limit: 5, cursor: nextCursor! };
  for (const [text, order, cursor] of [
    ["outcome:failure", "newest", nextCursor!],
    ["outcome:success", "oldest", nextCursor!],
    ["outcome:success", "newest", "%%%"],
    ["outcome:success", "newest", `${nextCursor}A`],
    ["outcome:success", "newest", Buffer.from("null").toString("base64url")],
  ] as const) {
    await expect(index.search(query(text), { ...options, order, cursor })).rejects.toMatchObject({
      code: "cursor_invalid",
    });
  }
  await expect(index.search(ALL, { order: "newest", limit: 1001 })).rejects.toMatchObject({
    code: "search_invalid",
  });
  const page = await index.search(lastDay(START_MS), { order: "newest", limit: 5 });
  await index.search(lastDay(START_MS + 1000), { order: "newest", limit: 5, cursor: page.nextCursor! });
  await index.close();
});

it("fails rather than leave out a segment that is damaged or gone", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 1024);
  const { index, segments } = await filled(log, entries, [512, 512]);
  const path = log.files.place(segments[0]!);
  await rm(path);
  const failure = { code: "segment_corrupt", message: expect.stringContaining(path) };
  await expect(index.search(query("actor:nobody-*"), { order: "newest", limit: 10 })).rejects.toMatchObject(
    failure,
  );
  await expect(index.top(ALL, "ip", 10)).rejects.toMatchObject(failure);
  expect((await index.search(ALL, { order: "newest", limit: 10 })).items).toHaveLength(10);
  await index.close();
});

it("indexes the journal once, whatever of it is sealed or appended again", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 3000);
  const { file, segments } = await filled(log, entries.slice(0, 2000), [768], 300);
  const index = new SearchIndex({
    database: log.database,
    files: log.files,
    segments,
    readEntries: reading(entries),
  });
  const rebuilding = index.rebuild([file]);
  const appending = index.append(1900, 1100, [linesOf(entries.slice(1900))]);
  await Promise.all([rebuilding, appending, index.waitFor(3000, 20_000)]);
  expect(await allPages(index, ALL, { order: "oldest" }, () => 1000)).toEqual(
    entries.map((entry, i) => ({ index: i, entry })),
  );
  await index.append(4000, 1, [linesOf([entryText(4000)])]);
  await expect(index.waitFor(4001, 100)).rejects.toMatchObject({
    code: "index_behind",
    cause: { code: "index_gap" },
  });
  await expect(index.append(3000, 1, [linesOf([entryText(3000)])])).rejects.toMatchObject({
    code: "index_gap",
  });
  expect(index.failure).toMatchObject({ code: "index_gap" });
  await index.close();
});
