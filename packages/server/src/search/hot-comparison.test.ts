import { expect, it } from "vitest";
import { HotIndex } from "./hot-index.ts";
import { compareHotRows } from "./hot-comparison.ts";
import { entryText, entryTexts, TestLog } from "./testing/test-log.ts";

const bytesOf = (texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text));

it("finds rows that say something else than their entries, are missing, or are there twice", async () => {
  await using log = await TestLog.create();
  const hot = new HotIndex(log.database);
  const entries = entryTexts(100, 400);
  await hot.insert(100, entries.length, Buffer.from(entries.join("\n")));
  const [chunk] = hot.chunks;
  const { columns } = chunk!;
  expect(await compareHotRows(log.database, chunk!, 100, bytesOf(entries))).toBeUndefined();
  expect(await compareHotRows(log.database, chunk!, 150, bytesOf(entries.slice(50, 60)))).toBeUndefined();
  const other = [...entries.slice(0, 7), entryText(107, { tenant: "another" }), ...entries.slice(8)];
  expect(await compareHotRows(log.database, chunk!, 100, bytesOf(other))).toEqual({
    leafIndex: 107,
    column: "tenant",
  });
  await log.database.query(`INSERT INTO ${columns} SELECT * FROM ${columns} WHERE seq = 300`);
  expect(await compareHotRows(log.database, chunk!, 100, bytesOf(entries))).toEqual({
    leafIndex: 300,
    column: "seq",
  });
  await log.database.query(`DELETE FROM ${columns} WHERE seq = 200`);
  expect(await compareHotRows(log.database, chunk!, 100, bytesOf(entries))).toEqual({
    leafIndex: 200,
    column: "seq",
  });
  await hot.close();
});
