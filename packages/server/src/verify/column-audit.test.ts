import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readSegment } from "../search/segment-metadata.ts";
import { sealSegment } from "../search/segment-writer.ts";
import { entryText, entryTexts, TestLog } from "../search/testing/test-log.ts";
import { auditColumns } from "./column-audit.ts";
import { hashSegment } from "./segment-audit.ts";
import { tamperSegment } from "./testing/tamper-segment.ts";

let log: TestLog;

beforeEach(async () => {
  log = await TestLog.create();
});

afterEach(() => log[Symbol.asyncDispose]());

async function sealed(entries = entryTexts(0, 16_384 + 256)): Promise<string> {
  const journal = await log.writeJournal(0, entries);
  const { key } = await sealSegment(log.job(0, entries, [journal]));
  return join(log.segments, key);
}

const audit = async (path: string): Promise<void> => await auditColumns(path, await readSegment(path));

it("finds nothing in what was sealed, with ids of any order", async () => {
  await audit(await sealed());
  const path = await sealed(
    Array.from({ length: 65_536 }, (_, i) => entryText(i, { id: `x-${(i * 7919) % 65_536}` })),
  );
  expect((await readSegment(path)).ids.kind).toBe("filter");
  await audit(path);
});

it.each([
  ["action", "CASE WHEN seq = 9001 THEN 'document.read2' ELSE action END AS action", 9001],
  ["actor_id", "CASE WHEN seq >= 300 THEN NULL ELSE actor_id END AS actor_id", 300],
  ["received_at", "received_at + INTERVAL 1 MILLISECOND AS received_at", 0],
  ["target_ids", "CASE WHEN seq = 16385 THEN ['other'] ELSE target_ids END AS target_ids", 16_385],
  ["seq", "CASE WHEN seq = 12 THEN 13 ELSE seq END AS seq", 12],
])("names the first entry whose column %s is another", async (column, replace, leafIndex) => {
  const path = await sealed();
  await tamperSegment(path, replace);
  // The entries are those that were sealed: hashing them finds nothing.
  const segment = await readSegment(path);
  const { subtreeHashes } = await hashSegment({ directory: log.segments, segment, leavesOf: [] });
  expect(Buffer.from(subtreeHashes).equals(Buffer.from(segment.subtreeHashes))).toBe(true);
  await expect(audit(path)).rejects.toMatchObject({
    code: "segment_columns_differ",
    evidence: { path, column, leafIndex },
  });
});

it("finds statistics of the segment that hide it from searches", async () => {
  const path = await sealed();
  await tamperSegment(path, "", (text) => text.replace('"tenant-2",', ""));
  await expect(audit(path)).rejects.toMatchObject({
    code: "segment_columns_differ",
    evidence: { column: "tenant" },
  });
});

it("finds an index of ids that does not lead to all of them", async () => {
  const path = await sealed();
  await tamperSegment(path, "", (text) => text.replace('["id-00000000"', '["id-00000001"'));
  await expect(audit(path)).rejects.toMatchObject({
    code: "segment_columns_differ",
    evidence: { column: "id", leafIndex: 0 },
  });
});

it("finds statistics of a row group that hide it from searches", async () => {
  const path = await sealed();
  const bytes = await readFile(path);
  // The greatest action of each row group, as the footer has it: twice, in the old and the new field.
  const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  const at = bytes.indexOf("user.signed_in", footer);
  expect(at).toBeGreaterThan(footer);
  for (let next = at; next >= 0; next = bytes.indexOf("user.signed_in", next + 1)) {
    if (bytes.subarray(next - 40, next).includes('"')) break; // metadata of Stele's begins here
    bytes.write("document.zzzzz", next, "latin1");
  }
  await writeFile(`${path}.changed`, bytes);
  await expect(auditColumns(`${path}.changed`, await readSegment(path))).rejects.toMatchObject({
    code: "segment_columns_differ",
    evidence: { column: "action", leafIndex: 0 },
  });
});
