import { ConflictError, MalformedError } from "@stele/proof";
import type { Commit } from "../commit.ts";
import type { Journal, JournalFile, StoredCommit } from "../journal.ts";

/** What a {@link MemoryJournal} leaves behind when it is closed or forgotten: its commits, oldest first. */
export type KeptCommits = StoredCommit[];

export interface MemoryJournalOptions {
  /** Where the journal begins if there is nothing in it: 0 unless told. */
  readonly start?: number;
  /** Sees each kept commit in order. */
  readonly visit?: (commit: StoredCommit) => void;
  /** Called before each commit is kept; may throw as a full disk does. */
  readonly beforeWrite?: () => void;
}

/** A journal of one process in memory: what FileJournal is on a disk. */
export class MemoryJournal implements Journal {
  readonly #commits: KeptCommits;
  readonly #beforeWrite: (() => void) | undefined;
  #end: number;

  private constructor(commits: KeptCommits, { start = 0, beforeWrite }: MemoryJournalOptions) {
    this.#commits = commits;
    this.#beforeWrite = beforeWrite;
    this.#end = start;
  }

  /** `commits` are changed in place. @throws what `visit` throws */
  static open(commits: KeptCommits, options: MemoryJournalOptions = {}): MemoryJournal {
    const journal = new MemoryJournal(commits, options);
    for (const commit of commits) {
      options.visit?.(copyOf(commit));
      journal.#end = commit.start + commit.count;
    }
    return journal;
  }

  get end(): number {
    return this.#end;
  }

  /** There are none. */
  get files(): readonly JournalFile[] {
    return [];
  }

  async append(commit: Commit): Promise<void> {
    const { id, origin, start, count, checkpoint } = commit;
    if (start !== this.#end) {
      throw new ConflictError(
        "commit_conflict",
        `The journal ends at ${this.#end}; a commit can't start at ${start}`,
      );
    }
    this.#beforeWrite?.();
    const entryLines = Buffer.concat(commit.lines);
    this.#commits.push({ id, origin, start, count, checkpoint, entryLines, place: `memory, entry ${start}` });
    this.#end = start + count;
  }

  async *readCommits(from: number): AsyncGenerator<StoredCommit> {
    for (const commit of this.#commits.filter(({ start, count }) => start + count > from))
      yield copyOf(commit);
  }

  async readEntries(from: number, to: number): Promise<Uint8Array[]> {
    const entries: Uint8Array[] = [];
    for (const { start, count, entryLines } of this.#commits) {
      if (start >= to || start + count <= from) continue;
      const lines = Buffer.from(entryLines).toString("latin1").split("\n");
      for (let index = Math.max(from, start); index < Math.min(to, start + count); index++) {
        entries.push(Buffer.from(lines[index - start]!, "latin1"));
      }
    }
    if (entries.length !== to - from) {
      throw new MalformedError("index_out_of_range", `The journal does not hold all of [${from}, ${to})`);
    }
    return entries;
  }

  async trim(before: number): Promise<void> {
    while (this.#commits.length > 1 && this.#commits[1]!.start <= before) this.#commits.shift();
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}

/** Readers may write to what they are given. */
function copyOf(commit: StoredCommit): StoredCommit {
  return { ...commit, entryLines: Buffer.from(commit.entryLines) };
}
