import { afterEach, describe, expect, it } from "vitest";
import type { Journal, StoredCommit } from "../journal.ts";
import { entriesOf, unsignedCommit } from "./commits.ts";

export interface JournalUnderTest {
  /** Opens the same journal again and again; the one before was closed. */
  open(): Promise<Journal>;
  remove(): Promise<void>;
}

/** What every driver of `Journal` must do. */
export function journalContract(driver: string, make: () => Promise<JournalUnderTest>): void {
  describe(`the journal contract: ${driver}`, () => {
    let subject: JournalUnderTest;
    const opened: Journal[] = [];

    async function fresh(): Promise<Journal> {
      subject = await make();
      return await reopen();
    }

    async function reopen(): Promise<Journal> {
      await opened.at(-1)?.close();
      const journal = await subject.open();
      opened.push(journal);
      return journal;
    }

    afterEach(async () => {
      await opened.at(-1)?.close();
      opened.length = 0;
      await subject.remove();
    });

    it("reads back what was appended, at once and after it was opened again", async () => {
      let journal = await fresh();
      const commits = [unsignedCommit(0, 3), unsignedCommit(3, 1), unsignedCommit(4, 300)];
      for (const commit of commits) await journal.append(commit);
      const entries = commits.flatMap(entriesOf);
      for (let round = 0; round < 2; round++) {
        expect(texts(await journal.readEntries(0, 304))).toEqual(entries);
        expect(texts(await journal.readEntries(2, 5))).toEqual(entries.slice(2, 5));
        expect(await journal.readEntries(7, 7)).toEqual([]);
        const read = await commitsFrom(journal, 0);
        expect(read.map(({ start, count, checkpoint }) => ({ start, count, checkpoint }))).toEqual(
          commits.map(({ start, count, checkpoint }) => ({ start, count, checkpoint })),
        );
        expect(read.flatMap(({ lines }) => lines.trimEnd().split("\n"))).toEqual(entries);
        journal = await reopen();
      }
    });

    it("begins with the commit that holds the entry asked for", async () => {
      const journal = await fresh();
      for (const commit of [unsignedCommit(0, 3), unsignedCommit(3, 4), unsignedCommit(7, 1)]) {
        await journal.append(commit);
      }
      expect((await commitsFrom(journal, 5)).map(({ start }) => start)).toEqual([3, 7]);
      expect(await commitsFrom(journal, 8)).toEqual([]);
    });

    it("refuses a commit that does not start where the last one ended, and stays as it was", async () => {
      const journal = await fresh();
      await journal.append(unsignedCommit(0, 3));
      for (const start of [0, 2, 4]) {
        await expect(journal.append(unsignedCommit(start, 1))).rejects.toMatchObject({
          code: "commit_conflict",
        });
      }
      await journal.append(unsignedCommit(3, 1));
      expect(await journal.readEntries(0, 4)).toHaveLength(4);
    });

    it("refuses to read what it does not hold", async () => {
      const journal = await fresh();
      await journal.append(unsignedCommit(0, 3));
      await expect(journal.readEntries(2, 4)).rejects.toMatchObject({ code: "index_out_of_range" });
    });

    it("may forget what was trimmed, and never more; trimming twice is harmless", async () => {
      let journal = await fresh();
      for (let start = 0; start < 50; start += 10) await journal.append(unsignedCommit(start, 10));
      for (let round = 0; round < 2; round++) {
        await journal.trim(25);
        expect(await journal.readEntries(25, 50)).toHaveLength(25);
        journal = await reopen();
      }
      await journal.append(unsignedCommit(50, 1));
      expect(await journal.readEntries(25, 51)).toHaveLength(26);
    });
  });
}

async function commitsFrom(journal: Journal, from: number): Promise<(StoredCommit & { lines: string })[]> {
  const commits: (StoredCommit & { lines: string })[] = [];
  for await (const commit of journal.readCommits(from)) {
    commits.push({ ...commit, lines: Buffer.from(commit.entryLines).toString() });
  }
  return commits;
}

function texts(entries: readonly Uint8Array[]): string[] {
  return entries.map((entry) => Buffer.from(entry).toString());
}
