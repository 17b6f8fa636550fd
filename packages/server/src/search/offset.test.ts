import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import { SearchIndex, type SearchItem } from "./search-index.ts";
import { buildSegment } from "./segment-builder.ts";
import { ALL, allPages, expected, filled, QUERIES, query, reading } from "./testing/filled-index.ts";
import { entryText, entryTexts, linesOf, START_MS, TestLog } from "./testing/test-log.ts";

const ORDERS = ["newest", "oldest"] as const;

it.each([
  ["hot and sealed", [256, 512, 256, 768]],
  ["sealed", [1024, 1536]],
  ["hot", []],
])("finds the rows that paging by cursor leads to, as of any size: %s", async (_, sealed) => {
  await using log = await TestLog.create();
  const size = 2560;
  const entries = entryTexts(0, size);
  const { index } = await filled(log, entries, sealed, 37, { chunkEntries: 200 });
  // By cursor from the start: what is there to compare with, once for each question.
  const known = new Map<string, Promise<SearchItem[]>>();
  const byCursor = (text: string, order: (typeof ORDERS)[number], asOf: number) => {
    const key = `${text} ${order} ${asOf}`;
    const items = known.get(key) ?? allPages(index, query(text), { order, asOf }, () => 500);
    known.set(key, items);
    return items;
  };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...QUERIES),
      fc.constantFrom(...ORDERS),
      // Several sizes for each question: what is known as of one is not to be believed of another.
      fc.array(
        fc.record({
          asOf: fc.oneof(fc.constantFrom(0, 256, 700, 1024, 1700, size, size + 5), fc.nat({ max: size })),
          where: fc.double({ min: 0, max: 1.1, noNaN: true }),
          limit: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 100, max: 1000 })),
        }),
        { minLength: 4, maxLength: 8 },
      ),
      async (text, order, pages) => {
        for (const { asOf, where, limit } of pages) {
          const all = await byCursor(text, order, asOf);
          const hits = expected(entries, query(text)).filter((i) => i < asOf);
          expect(all.map((item) => item.index)).toEqual(order === "newest" ? hits.toReversed() : hits);
          const offset = Math.floor(where * all.length);
          const page = await index.search(query(text), { order, limit, offset, asOf });
          expect(page.items).toEqual(all.slice(offset, offset + limit));
          expect(page.indexedSize).toBe(Math.min(size, asOf));
          if (page.total !== undefined) expect(page.total).toBe(all.length);
          if (page.nextCursor === null) {
            expect(page.total).toBe(all.length);
            continue;
          }
          const next = await index.search(query(text), { order, limit, asOf, cursor: page.nextCursor });
          expect(next.items).toEqual(all.slice(offset + limit, offset + 2 * limit));
        }
      },
    ),
    { numRuns: 25 },
  );
  await index.close();
});

it("keeps the rows in their places while entries are appended and sealed", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 8000);
  const file = await log.writeJournal(0, entries, 500);
  const index = new SearchIndex({
    database: log.database,
    files: log.files,
    segments: [],
    readEntries: reading(entries),
    chunkEntries: 700,
  });
  const asOf = 4500;
  const append = async (from: number, to: number) => {
    for (let start = from; start < to; start += 250) {
      await index.append(start, 250, [linesOf(entries.slice(start, start + 250))]);
    }
  };
  await append(0, 4500);
  await index.waitFor(asOf, 20_000);
  let done = false;
  const writing = append(4500, 8000);
  const sealing = (async () => {
    for (let start = 0; start < 6144; start += 1024) {
      await index.waitFor(start + 1024, 20_000);
      await index.addSegment(await buildSegment(log.job(start, entries.slice(start, start + 1024), [file])));
    }
  })().finally(() => (done = true));
  let pages = 0;
  const searching = ORDERS.flatMap((order) =>
    [3, 1].map(async (every) => {
      let hits = Array.from({ length: asOf / every }, (_, i) => i * every);
      if (order === "newest") hits = hits.toReversed();
      const filter = every === 3 ? query("action:document.read") : ALL;
      for (let n = 0; !done; n++) {
        await setImmediate();
        const offset = (n * 389) % hits.length;
        const { items } = await index.search(filter, { order, limit: 40, offset, asOf });
        expect(items.map((item) => item.index)).toEqual(hits.slice(offset, offset + 40));
        pages++;
      }
    }),
  );
  await Promise.all([writing, sealing, ...searching]);
  expect(index.sealedSize).toBe(6144);
  expect(pages).toBeGreaterThan(0);
  await index.close();
});

it("counts as of a size what is below it, in the middle of a segment or of a chunk", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 1500);
  const { index } = await filled(log, entries, [512, 512], 37, { chunkEntries: 100 });
  for (const asOf of [0, 100, 512, 777, 1024, 1250, 1500, 9000]) {
    const size = Math.min(asOf, 1500);
    // A log that ends there.
    await using short = await TestLog.create();
    const { index: alone } = await filled(short, entries.slice(0, size), []);
    for (const text of ["", "-outcome:failure", '"needle17 "']) {
      for (const options of [{ buckets: 10, field: "actor" }, { buckets: 30 }] as const) {
        expect(await index.histogram(query(text), { ...options, asOf })).toEqual(
          await alone.histogram(query(text), options),
        );
      }
      expect(await index.top(query(text), "target", 50, { asOf })).toEqual(
        await alone.top(query(text), "target", 50),
      );
    }
    await alone.close();
  }
  await index.close();
});

it("says that counting took too long, and not what is a wrong page", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 600);
  const { index } = await filled(log, entries, [256], 37, { pageTimeMsMax: 0 });
  const page = { order: "newest", limit: 5, offset: 100 } as const;
  await expect(index.search(query("outcome:success"), page)).rejects.toMatchObject({
    code: "search_timeout",
    retryAfterMs: 1000,
  });
  await index.close();
});

it("refuses an offset beside a cursor, and what is out of range", async () => {
  await using log = await TestLog.create();
  const { index } = await filled(log, entryTexts(0, 300), []);
  const options = { order: "newest", limit: 5 } as const;
  const { nextCursor, total } = await index.search(ALL, options);
  expect(total).toBe(300);
  for (const wrong of [
    { cursor: nextCursor!, offset: 0 },
    { offset: 1_000_001 },
    { offset: -1 },
    { offset: 0.5 },
    { asOf: -1 },
  ]) {
    await expect(index.search(ALL, { ...options, ...wrong })).rejects.toMatchObject({
      code: "search_invalid",
    });
  }
  expect(await index.search(ALL, { ...options, offset: 1_000_000 })).toEqual({
    items: [],
    nextCursor: null,
    indexedSize: 300,
    total: 300,
  });
  await index.close();
});

it("counts values that are names of an object's own", async () => {
  await using log = await TestLog.create();
  const ids = ["constructor", "__proto__", "constructor"];
  const entries = ids.map((id, i) => entryText(i, { actor: { type: "user", id } }));
  const { index } = await filled(log, entries, []);
  const { buckets, values } = await index.histogram(ALL, { buckets: 1, field: "actor", from: START_MS });
  expect(values).toEqual(["constructor", "__proto__"]);
  const counted = buckets.flatMap(({ counts }) => Object.entries(counts));
  for (const [id, times] of [
    ["constructor", 2],
    ["__proto__", 1],
  ] as const) {
    expect(counted.filter(([value]) => value === id).reduce((sum, [, count]) => sum + count, 0)).toBe(times);
  }
  await index.close();
});
