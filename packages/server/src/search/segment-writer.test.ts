import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, it } from "vitest";
import { buildSegment } from "./segment-builder.ts";
import { sealSegment } from "./segment-writer.ts";
import { listSegments, openSegments, SegmentReader, streamEntryBlocks } from "./segment-reader.ts";
import { entryText, entryTexts, subtreeHashes, TestLog } from "./testing/test-log.ts";

const texts = (entries: readonly Uint8Array[]): string[] =>
  entries.map((entry) => Buffer.from(entry).toString());

async function allEntries(...[files, segment]: Parameters<typeof streamEntryBlocks>): Promise<string[]> {
  const entries: string[] = [];
  for await (const block of streamEntryBlocks(files, segment)) {
    expect(block.start).toBe(segment.start + entries.length);
    entries.push(...texts(block.entries));
  }
  return entries;
}

it("seals a range in a process of its own, and gives the exact bytes back", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 10_240);
  const first = await log.writeJournal(0, entries.slice(0, 5000), 333);
  const second = await log.writeJournal(5000, entries.slice(5000), 1);
  const segment = await sealSegment(log.job(0, entries, [first, second]));
  expect(await readdir(log.segments)).toEqual(["0000000000000000-0000000000010240.parquet"]);
  const [opened] = await openSegments(log.database, log.segments);
  const { digests, ...rest } = segment;
  expect(opened).toEqual({ ...rest, subtreeHashes: opened!.subtreeHashes });
  expect(digests.entryRanges.reduce((sum, { rows }) => sum + rows, 0)).toBe(10_240);
  expect(Buffer.from(opened!.subtreeHashes)).toEqual(subtreeHashes(entries));
  expect(await allEntries(log.files, opened!)).toEqual(entries);
  const reader = new SegmentReader(log.database, log.files);
  for (const [from, to] of [
    [0, 1],
    [255, 257],
    [4095, 4097],
    [10_239, 10_240],
    [256, 512],
    [3, 3],
  ] as const) {
    expect(texts(await reader.readEntries(opened!, from, to))).toEqual(entries.slice(from, to));
  }
  await expect(reader.readEntries(opened!, 10_000, 10_241)).rejects.toMatchObject({
    code: "index_out_of_range",
  });
});

it("seals from the middle of commits, while the journal grows", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 3000);
  const file = await log.writeJournal(0, entries, 100);
  const bytes = await readFile(file.path);
  await writeFile(file.path, Buffer.concat([bytes, bytes.subarray(0, 1000)]));
  const segment = await buildSegment(log.job(768, entries.slice(768, 1536), [file]));
  expect(await allEntries(log.files, segment)).toEqual(entries.slice(768, 1536));
});

it("keeps large and odd entries as they are", async () => {
  await using log = await TestLog.create();
  const pad = "x".repeat(65_000);
  const entries = Array.from({ length: 256 }, (_, i) =>
    entryText(
      i,
      i % 50 === 0
        ? { metadata: { pad } }
        : { metadata: { odd: "\u2028\u0085\u00a0,\"'\\n\u007f\ufeff", deep: [[[{}]]] } },
    ),
  );
  const segment = await buildSegment(log.job(0, entries, [await log.writeJournal(0, entries)]));
  expect(await allEntries(log.files, segment)).toEqual(entries);
});

it("finds ids by ranges or by filter, whatever ids look like", async () => {
  await using log = await TestLog.create();
  for (const random of [false, true]) {
    const ids = Array.from({ length: 40_960 }, (_, i) =>
      random ? ((i * 2_654_435_761) % 2 ** 32).toString(36) : `0190-${String(i).padStart(9, "0")}`,
    );
    const start = random ? 40_960 : 0;
    const entries = ids.map((id, i) =>
      entryText(start + i, { id, metadata: { v: 1, id: ids[i + 1] ?? "" } }),
    );
    const segment = await buildSegment(
      log.job(start, entries, [await log.writeJournal(start, entries, 1000)]),
    );
    expect(segment.ids.kind).toBe(random ? "filter" : "ranges");
    const reader = new SegmentReader(log.database, log.files);
    for (const i of [0, 1, 8191, 8192, 20_000, 40_959]) {
      expect(await reader.findId(segment, ids[i]!)).toBe(start + i);
    }
    expect(await reader.findId(segment, "not-there")).toBeUndefined();
  }
});

it("refuses to keep a segment whose entries are not those that were signed", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 512);
  const file = await log.writeJournal(0, entries);
  const job = log.job(0, [...entries.slice(0, 400), entryText(9999), ...entries.slice(401)], [file]);
  await expect(sealSegment(job)).rejects.toMatchObject({
    name: "VerificationError",
    code: "segment_not_authentic",
  });
  expect(await readdir(log.segments)).toEqual([]);
  await expect(sealSegment(log.job(0, entryTexts(0, 768), [file]))).rejects.toMatchObject({
    code: "journal_gap",
  });
  await expect(sealSegment(log.job(0, entries.slice(1), [file]))).rejects.toMatchObject({
    code: "segment_misaligned",
  });
});

it("reports that the process took too long", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 256);
  const job = log.job(0, entries, [await log.writeJournal(0, entries)]);
  await expect(sealSegment(job, 1)).rejects.toMatchObject({ name: "UnavailableError", code: "seal_failed" });
});

it("names the segment that is damaged, missing or misnamed", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 1024);
  const file = await log.writeJournal(0, entries);
  const paths: string[] = [];
  for (const start of [0, 512]) {
    paths.push(
      log.files.place(await buildSegment(log.job(start, entries.slice(start, start + 512), [file]))),
    );
  }
  const [, second] = await listSegments(log.segments);
  await log.damage(paths[1]!);
  await expect(allEntries(log.files, second!)).rejects.toMatchObject({
    code: "segment_corrupt",
    message: expect.stringContaining(paths[1]!),
  });
  await truncate(paths[1]!, 1000);
  await expect(listSegments(log.segments)).rejects.toMatchObject({
    code: "segment_corrupt",
    message: expect.stringContaining(paths[1]!),
  });
  await using gap = await TestLog.create();
  await writeFile(join(gap.segments, "0000000000000256-0000000000000512.parquet"), await readFile(paths[0]!));
  await expect(listSegments(gap.segments)).rejects.toMatchObject({ code: "segment_corrupt" });
  await buildSegment({ ...log.job(512, entries.slice(512), [file]), directory: gap.segments });
  await expect(listSegments(join(gap.directory, "none"))).resolves.toEqual([]);
});

it("is plain Parquet with the columns of the specification", async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 512);
  const path = log.files.place(await buildSegment(log.job(0, entries, [await log.writeJournal(0, entries)])));
  const connection = await (await DuckDBInstance.create()).connect();
  const rows = await connection.runAndReadAll(`SELECT * FROM '${path}' WHERE seq = 3`);
  expect(rows.getRowObjectsJson()).toEqual([
    {
      seq: "3",
      occurred_at: "2026-01-01 00:00:06.757",
      received_at: "2026-01-01 00:00:09",
      action: "document.read",
      actor_type: "user",
      actor_id: "actor-3",
      tenant: null,
      outcome: "success",
      ip: "10.0.0.3",
      target_ids: ["doc-3", "doc-4", "doc-5"],
      source_id: "source-1",
      source_seq: "3",
      entry: entries[3],
    },
  ]);
  connection.closeSync();
});
