import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VerificationError } from "@stele/proof";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileJournal, type FileJournalOptions } from "./file-journal.ts";
import { unsignedCommit } from "./testing/commits.ts";
import { journalContract } from "./testing/journal-contract.ts";

const OPTIONS: FileJournalOptions = { acknowledgedSize: 0, visit: () => {} };

for (const fileLengthBytesMax of [64 * 1024 * 1024, 1]) {
  journalContract(`files of ${fileLengthBytesMax} bytes`, async () => {
    const directory = await mkdtemp(join(tmpdir(), "stele-journal-"));
    return {
      open: () => FileJournal.open(directory, { ...OPTIONS, fileLengthBytesMax }),
      remove: () => rm(directory, { recursive: true }),
    };
  });
}

describe("recovery of the file journal", () => {
  let directory: string;
  let path: string;
  let whole: Buffer;
  let lastCommitAt: number;
  const commits = [unsignedCommit(0, 3), unsignedCommit(3, 2), unsignedCommit(5, 4, 700)];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "stele-journal-"));
    const journal = await FileJournal.open(directory, OPTIONS);
    await journal.append(commits[0]!);
    await journal.append(commits[1]!);
    lastCommitAt = (await readFile(join(directory, (await readdir(directory))[0]!))).length;
    await journal.append(commits[2]!);
    await journal.close();
    path = join(directory, (await readdir(directory))[0]!);
    whole = await readFile(path);
  });

  afterEach(() => rm(directory, { recursive: true }));

  /** What the log does with real commits: compares the entries with what was signed. */
  const visit: FileJournalOptions["visit"] = ({ entryLines, start, place }) => {
    const expected = Buffer.concat(commits.find((commit) => commit.start === start)!.lines);
    if (!expected.equals(entryLines)) throw new VerificationError("journal_corrupt", place, { place });
  };

  const reopen = async (options: Partial<FileJournalOptions> = {}) =>
    await FileJournal.open(directory, { ...OPTIONS, visit, ...options });

  it("cuts a tail that stops short, wherever it stops, reports it, and goes on from there", async () => {
    for (let length = lastCommitAt + 1; length < whole.length; length += 61) {
      await writeFile(path, whole.subarray(0, length));
      const journal = await reopen({ acknowledgedSize: 5 });
      expect(journal.cutTail).toEqual({ path, offset: lastCommitAt, lengthBytes: length - lastCommitAt });
      expect(journal.end).toBe(5);
      await journal.append(commits[2]!);
      expect((await journal.readEntries(0, 9)).map(String)).toHaveLength(9);
      await journal.close();
      const again = await reopen();
      expect(again.cutTail).toBeUndefined();
      expect(again.end).toBe(9);
      await again.close();
    }
  });

  it("cuts a tail with space that never reached the disk", async () => {
    const torn = Buffer.from(whole);
    const sector = Math.ceil(lastCommitAt / 512) * 512;
    torn.fill(0, sector, sector + 512);
    await writeFile(path, torn);
    const journal = await reopen({ acknowledgedSize: 5 });
    expect(journal.cutTail).toMatchObject({ offset: lastCommitAt });
    await journal.close();
    expect((await readFile(path)).length).toBe(lastCommitAt);
  });

  it("never cuts a damaged commit that others follow", async () => {
    const zeroed = Buffer.from(whole);
    zeroed.fill(0, 300, 300 + 512);
    await writeFile(path, zeroed);
    await expect(reopen()).rejects.toMatchObject({ code: "journal_corrupt" });
    expect((await readFile(path)).equals(zeroed)).toBe(true);
  });

  it("never cuts what was acknowledged", async () => {
    await truncate(path, whole.length - 10);
    await expect(reopen({ acknowledgedSize: 9 })).rejects.toMatchObject({
      code: "journal_corrupt",
      evidence: { path, offset: lastCommitAt },
    });
    expect((await readFile(path)).length).toBe(whole.length - 10);
  });

  it("stops at a changed frame, with the place, and repairs nothing", async () => {
    const frames = frameOffsets(whole);
    expect(frames.length).toBeGreaterThan(500);
    for (const offset of frames.filter((_, i) => i % 5 === 0)) {
      const flipped = Buffer.from(whole);
      flipped[offset]! ^= 1 << (offset % 8);
      await writeFile(path, flipped);
      const outcome = await reopen({ acknowledgedSize: 9 }).then(
        async (journal) => {
          await journal.close();
          return "opened";
        },
        (error: { code: string }) => error.code,
      );
      // The frame can't know a changed checkpoint or commit id: whoever visits compares those with the entries.
      const inside = frameText(whole, offset);
      if (!/"(checkpoint|id|origin)":"[^"]*$/.test(inside))
        expect([offset, outcome]).toEqual([offset, "journal_corrupt"]);
      expect((await readFile(path)).equals(flipped)).toBe(true);
    }
  });

  it("stops where a file is missing between others", async () => {
    await rm(path);
    const journal = await reopen({ fileLengthBytesMax: 1 });
    for (const commit of commits) await journal.append(commit);
    await journal.close();
    await rm(join(directory, "0000000000000003.ndjson"));
    await expect(reopen()).rejects.toMatchObject({ code: "journal_corrupt" });
  });
});

/** Offsets of all bytes of frame lines. */
function frameOffsets(bytes: Buffer): number[] {
  const offsets: number[] = [];
  let at = 0;
  for (const line of bytes.toString("latin1").split("\n")) {
    if (/^\{"c(ommit|heckpoint)"/.test(line)) for (let i = 0; i < line.length; i++) offsets.push(at + i);
    at += line.length + 1;
  }
  return offsets;
}

/** The line up to the byte at `offset`. */
function frameText(bytes: Buffer, offset: number): string {
  return bytes.subarray(bytes.lastIndexOf(0x0a, offset - 1) + 1, offset).toString("latin1");
}
