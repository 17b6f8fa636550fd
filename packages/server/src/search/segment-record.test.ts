import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { noteVerifier, parseNote, signNote, type NoteSigner } from "@stele/proof";
import { beforeAll, expect, it } from "vitest";
import { testSigner } from "../../../proof/src/testing/test-log.ts";
import { buildSegment } from "./segment-builder.ts";
import { formatSegmentRecord, parseSegmentRecord, type SegmentRecord } from "./segment-record.ts";
import { entryTexts, ORIGIN, TestLog } from "./testing/test-log.ts";

const signer: NoteSigner = testSigner(ORIGIN, 7);
const sign = async (text: string): Promise<Uint8Array> => await signNote(text, [signer]);
const verifier = noteVerifier(signer.key);
const PLACE = "segments/0000000000000256";
let record: SegmentRecord;
let file: Buffer;

beforeAll(async () => {
  await using log = await TestLog.create();
  const entries = entryTexts(0, 24_832);
  const journal = await log.writeJournal(0, entries, 100);
  const job = { ...log.job(256, entries.slice(256), [journal]), suffix: "00c0ffee" };
  const segment = await buildSegment(job);
  file = await readFile(log.files.place(segment));
  record = {
    segment: { ...segment, version: "v1" },
    resume: 24_800,
    retainUntilMs: Date.UTC(2033, 0, 1),
  };
});

it("gives back what was recorded, with the hashes of the file and its parts", async () => {
  const parsed = parseSegmentRecord(await formatSegmentRecord(record, sign), verifier, PLACE);
  const { segment } = parsed;
  expect(parsed).toEqual({ ...record, segment: { ...record.segment, subtreeHashes: segment.subtreeHashes } });
  expect(Buffer.from(segment.subtreeHashes)).toEqual(Buffer.from(record.segment.subtreeHashes));
  expect(segment.key).toBe("0000000000000256-0000000000024832-00c0ffee.parquet");
  expect(segment.lengthBytes).toBe(file.length);
  expect(segment.digests.file).toEqual(sha256(file));
  expect(segment.digests.entryRanges.length).toBeGreaterThan(1);
  const columns: Buffer[] = [];
  let at = 0;
  for (const { from, to, sha256: expected } of segment.digests.entryRanges) {
    columns.push(file.subarray(at, from));
    expect(expected).toEqual(sha256(file.subarray(from, to)));
    at = to;
  }
  columns.push(file.subarray(at));
  expect(segment.digests.columns).toEqual(sha256(Buffer.concat(columns)));
});

it("refuses a record that the log did not sign, and any other note of the log", async () => {
  const bytes = Buffer.from(await formatSegmentRecord(record, sign));
  const failure = { code: "segment_record_corrupt", message: expect.stringContaining(PLACE) };
  for (const wrong of [
    Buffer.from(bytes.toString().replace('"resume":24800', '"resume":24801')),
    bytes.subarray(0, 5000),
    Buffer.alloc(0),
    await formatSegmentRecord(record, async (text: string) => await signNote(text, [testSigner(ORIGIN, 8)])),
    await signNote(`${ORIGIN}\n5\n${Buffer.alloc(32).toString("base64")}\n`, [signer]),
    await signNote("stele.segment/v1\n{}\n", [signer]),
    await signNote(`${parseNote(bytes).text}more\n`, [signer]),
    await signNote(parseNote(bytes).text.replace('{"origin"', '{ "origin"'), [signer]),
  ]) {
    expect(() => parseSegmentRecord(wrong, verifier, PLACE)).toThrow(expect.objectContaining(failure));
  }
});

it("refuses a record of other entries than those that belong there", async () => {
  const bytes = await formatSegmentRecord(record, sign);
  expect(parseSegmentRecord(bytes, verifier, PLACE, 256).segment.start).toBe(256);
  expect(() => parseSegmentRecord(bytes, verifier, PLACE, 24_832)).toThrow(
    expect.objectContaining({ code: "segment_record_corrupt" }),
  );
});

it("refuses a record that contradicts itself", async () => {
  const { segment } = record;
  const { entryRanges } = segment.digests;
  const [first, second] = entryRanges as [(typeof entryRanges)[0], (typeof entryRanges)[0]];
  const ranges = (...changed: typeof entryRanges): SegmentRecord => ({
    ...record,
    segment: { ...segment, digests: { ...segment.digests, entryRanges: changed } },
  });
  for (const wrong of [
    { ...record, segment: { ...segment, origin: "another.example/log" } },
    { ...record, segment: { ...segment, start: 0 } },
    { ...record, segment: { ...segment, key: "0000000000000256-0000000000024832.exe" } },
    { ...record, segment: { ...segment, subtreeHashes: segment.subtreeHashes.subarray(32) } },
    { ...record, segment: { ...segment, lengthBytes: entryRanges.at(-1)!.to - 1 } },
    { ...record, resume: segment.end + 1 },
    ranges(...entryRanges.slice(1)),
    ranges(second, first, ...entryRanges.slice(2)),
    ranges({ ...first, to: second.from + 1 }, ...entryRanges.slice(1)),
    ranges({ ...first, from: 0.5 }, ...entryRanges.slice(1)),
  ]) {
    const bytes = await formatSegmentRecord(wrong, sign);
    expect(() => parseSegmentRecord(bytes, verifier, PLACE)).toThrow(
      expect.objectContaining({ code: "segment_record_corrupt" }),
    );
  }
});

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
