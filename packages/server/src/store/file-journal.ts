import { mkdir, open, readFile, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { ConflictError, InvariantError, MalformedError, VerificationError } from "@stele/proof";
import { formatCommit, IncompleteCommit, parseCommit, type Commit, type ParsedCommit } from "./commit.ts";
import { syncDirectory, writeFully } from "./durable-file.ts";
import { fileNames } from "./file-names.ts";
import type { Journal, JournalFile, StoredCommit } from "./journal.ts";
import { LineIndex } from "./line-index.ts";
import { storageError } from "./storage-error.ts";

const FILE_NAME = /^(\d{16})\.ndjson$/;
/** Read whole by recovery and sealing, so it bounds their memory. */
const FILE_LENGTH_BYTES_MAX = 16 * 1024 * 1024;
const SECTOR_BYTES = 512;
/** What the header of a commit looks like behind another commit. No entry begins like this. */
const NEXT_COMMIT = '\n{"commit":{"id":"';

/** What a crash left behind the last whole commit, and recovery took away: never acknowledged, but told to people. */
export interface CutTail {
  readonly path: string;
  readonly offset: number;
  readonly lengthBytes: number;
}

export interface FileJournalOptions {
  /** Commits up to this tree size are known to be acknowledged: they are never cut, only reported as corrupt. */
  readonly acknowledgedSize: number;
  /** Sees each recovered commit in order; throws VerificationError if its entries are not the signed ones. */
  readonly visit: (commit: StoredCommit) => void;
  /** A new file is begun once one has this many bytes. */
  readonly fileLengthBytesMax?: number;
  /** Where the journal begins if there is nothing in it: 0 unless told. */
  readonly start?: number;
  /** `false` for a copy of what is durable elsewhere: it is not synced, and a crash may cost its end. */
  readonly durable?: boolean;
}

interface OpenFile extends JournalFile {
  /** Ends with the last durable commit. */
  lengthBytes: number;
  readonly lines: LineIndex;
  /** Where commits begin, in order, so that reading can begin there. */
  readonly commits: { readonly start: number; readonly offset: number }[];
}

/**
 * The journal in a directory of append-only files (docs/spec/journal.md): one `fdatasync` a commit. One process
 * at a time; the lock is the data directory's.
 */
export class FileJournal implements Journal {
  readonly #directory: string;
  readonly #files: OpenFile[] = [];
  readonly #fileLengthBytesMax: number;
  readonly #durable: boolean;
  #active: FileHandle | undefined;
  #end = 0;
  #poison: unknown;
  #cut: CutTail | undefined;

  private constructor(directory: string, options: FileJournalOptions) {
    this.#directory = directory;
    this.#fileLengthBytesMax = options.fileLengthBytesMax ?? FILE_LENGTH_BYTES_MAX;
    this.#durable = options.durable ?? true;
    this.#end = options.start ?? 0;
  }

  /**
   * Recovers the journal: checks the frame of every commit, hands each to `visit`, and cuts a torn tail.
   *
   * @throws VerificationError `journal_corrupt`, with the file and the byte, and what `visit` throws
   */
  static async open(directory: string, options: FileJournalOptions): Promise<FileJournal> {
    const journal = new FileJournal(directory, options);
    await mkdir(directory, { recursive: true });
    const files = await listJournalFiles(directory);
    for (const file of files) await journal.#recover(file, file === files.at(-1), options);
    return journal;
  }

  get end(): number {
    return this.#end;
  }

  /** What recovery cut off, if anything. */
  get cutTail(): CutTail | undefined {
    return this.#cut;
  }

  get files(): readonly JournalFile[] {
    return this.#files;
  }

  async append(commit: Commit): Promise<void> {
    if (this.#poison !== undefined) {
      throw new InvariantError("journal_poisoned", `${this.#directory} failed before; restart the node`, {
        cause: this.#poison,
      });
    }
    const empty = this.#files.length === 0;
    if (!empty && commit.start !== this.#end) {
      throw new ConflictError(
        "commit_conflict",
        `The journal ends at ${this.#end}; a commit can't start at ${commit.start}`,
      );
    }
    const file = await this.#fileFor(commit.start);
    const pieces = formatCommit(commit);
    try {
      await writeFully(this.#active!, pieces, file.lengthBytes);
      if (this.#durable) await this.#active!.datasync();
    } catch (cause) {
      await this.#takeBack(file, cause);
      throw storageError(cause, file.path);
    }
    file.commits.push({ start: commit.start, offset: file.lengthBytes });
    let offset = file.lengthBytes + pieces[0]!.length;
    for (const lines of commit.lines) {
      file.lines.add(lines, offset);
      offset += lines.length;
    }
    file.lengthBytes = offset + pieces.at(-1)!.length;
    this.#end = commit.start + commit.count;
  }

  async *readCommits(from: number): AsyncGenerator<StoredCommit> {
    for (const file of this.#files) {
      if (file.start + file.lines.count <= from) continue;
      const first = file.commits.findLast(({ start }) => start <= from);
      for await (const commit of readJournalFile(file, false, first?.offset)) {
        if (commit.start + commit.count > from) yield commit;
      }
    }
  }

  async readEntries(from: number, to: number): Promise<Uint8Array[]> {
    const entries: Uint8Array[] = [];
    for (const file of this.#files) {
      const begin = Math.max(from, file.start);
      const end = Math.min(to, file.start + file.lines.count);
      if (begin < end) entries.push(...(await readLines(file, begin - file.start, end - file.start)));
    }
    if (entries.length !== to - from) {
      throw new MalformedError("index_out_of_range", `The journal does not hold all of [${from}, ${to})`);
    }
    return entries;
  }

  async trim(before: number): Promise<void> {
    let trimmed = false;
    while (this.#files.length > 1 && this.#files[1]!.start <= before) {
      await rm(this.#files[0]!.path);
      this.#files.shift();
      trimmed = true;
    }
    if (trimmed) await syncDirectory(this.#directory);
  }

  async close(): Promise<void> {
    await this.#active?.close();
    this.#active = undefined;
  }

  async #recover(at: JournalFile, isLast: boolean, options: FileJournalOptions): Promise<void> {
    const previous = this.#files.at(-1);
    if (previous && at.start !== this.#end) {
      throw corrupt(
        at.path,
        0,
        `it starts with entry ${at.start}, but the file before it ends at ${this.#end}`,
      );
    }
    const bytes = await readFile(at.path);
    const file: OpenFile = { ...at, lengthBytes: bytes.length, lines: new LineIndex(), commits: [] };
    this.#end = at.start;
    for (let offset = 0; offset < bytes.length;) {
      try {
        offset = this.#recoverCommit(file, bytes, offset, options);
      } catch (error) {
        const torn = isLast && this.#end >= options.acknowledgedSize && isTorn(error, bytes, offset);
        if (!torn)
          throw error instanceof MalformedError ? corrupt(at.path, offset, error.message, error) : error;
        this.#cut = { path: at.path, offset, lengthBytes: bytes.length - offset };
        file.lengthBytes = offset;
        break;
      }
    }
    this.#files.push(file);
    if (!isLast) return;
    this.#active = await open(at.path, "r+");
    if (this.#cut) {
      await this.#active.truncate(file.lengthBytes);
      await this.#active.sync();
    }
  }

  #recoverCommit(file: OpenFile, bytes: Buffer, offset: number, options: FileJournalOptions): number {
    const commit = parseCommit(bytes, offset);
    if (commit.start !== this.#end) {
      throw corrupt(file.path, offset, `a commit of entry ${commit.start} follows entry ${this.#end - 1}`);
    }
    options.visit(stored(commit, file.path, offset));
    const lines = file.lines.add(commit.entryLines, commit.entriesOffset);
    if (lines !== commit.count) {
      throw corrupt(file.path, offset, `the commit holds ${lines} entries, not ${commit.count}`);
    }
    file.commits.push({ start: commit.start, offset });
    this.#end = commit.start + commit.count;
    return commit.endOffset;
  }

  /** The file to append to, made new where the journal begins or the present one is full. */
  async #fileFor(start: number): Promise<OpenFile> {
    const present = this.#files.at(-1);
    if (present && present.lengthBytes < this.#fileLengthBytesMax) return present;
    const path = join(this.#directory, `${String(start).padStart(16, "0")}.ndjson`);
    try {
      // Left over where an earlier attempt to begin this file failed: it was never referred to, so begin anew.
      const handle = await open(path, "w+");
      await syncDirectory(this.#directory);
      await this.#active?.close();
      this.#active = handle;
    } catch (cause) {
      throw storageError(cause, path);
    }
    const file = { path, start, lengthBytes: 0, lines: new LineIndex(), commits: [] };
    this.#files.push(file);
    return file;
  }

  /** After a failed write: back to the last whole commit, or nothing more is written until a restart recovers. */
  async #takeBack(file: OpenFile, cause: unknown): Promise<void> {
    try {
      await this.#active!.truncate(file.lengthBytes);
      await this.#active!.datasync();
    } catch (error) {
      this.#poison = new AggregateError([cause, error], "A failed write could not be taken back");
    }
  }
}

/** The journal files of a directory, oldest first; none if there is no such directory. */
export async function listJournalFiles(directory: string): Promise<JournalFile[]> {
  const names = (await fileNames(directory)).filter((name) => FILE_NAME.test(name)).toSorted();
  return names.map((name) => ({ path: join(directory, name), start: Number(FILE_NAME.exec(name)![1]) }));
}

/**
 * The commits of one journal file, for a reader beside the node: what is still being written is left out. `from`: the
 * byte to begin at, where a commit begins.
 */
export async function* readJournalFile(
  file: JournalFile,
  mayGrow: boolean,
  from = 0,
): AsyncGenerator<StoredCommit> {
  const bytes = await readBytes(file.path, from, file.lengthBytes);
  for (let offset = 0; offset < bytes.length;) {
    let commit: ParsedCommit;
    try {
      commit = parseCommit(bytes, offset);
    } catch (error) {
      if (mayGrow && error instanceof IncompleteCommit) return;
      throw error instanceof MalformedError ? corrupt(file.path, from + offset, error.message, error) : error;
    }
    yield stored(commit, file.path, from + offset);
    offset = commit.endOffset;
  }
}

/** Bytes `[from, to)` of a file, or as many as there are; to its present end unless told. */
async function readBytes(path: string, from: number, to: number | undefined): Promise<Buffer> {
  const handle = await open(path, "r");
  try {
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, (to ?? (await handle.stat()).size) - from));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, from + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

/**
 * Whether what follows `offset` can be the remains of a write that a crash interrupted: it stops short, or has
 * space that never reached the disk (zeros up to a sector's end: no entry contains a zero byte).
 */
function isTorn(error: unknown, bytes: Buffer, offset: number): boolean {
  // Commits are written one behind the other: another one behind this shows that this one was whole.
  if (bytes.indexOf(NEXT_COMMIT, offset) >= 0) return false;
  if (hasUnwrittenSector(bytes, offset)) return true;
  return error instanceof IncompleteCommit && !endsWithCheckpoint(bytes);
}

function hasUnwrittenSector(bytes: Buffer, offset: number): boolean {
  for (let sector = offset - (offset % SECTOR_BYTES); sector < bytes.length; sector += SECTOR_BYTES) {
    const begin = Math.max(sector, offset);
    const end = Math.min(sector + SECTOR_BYTES, bytes.length);
    if (end > begin && bytes.subarray(begin, end).every((byte) => byte === 0)) return true;
  }
  return false;
}

/** A commit whose last line is there was written whole: then it is damaged, not torn. */
function endsWithCheckpoint(bytes: Buffer): boolean {
  const lastLine = bytes.subarray(bytes.lastIndexOf(0x0a, bytes.length - 2) + 1).toString("utf8");
  return /^\{"checkpoint":".*"\}\n$/.test(lastLine);
}

async function readLines(file: OpenFile, begin: number, end: number): Promise<Uint8Array[]> {
  const first = file.lines.place(begin);
  const last = file.lines.place(end - 1);
  const bytes = Buffer.allocUnsafeSlow(last.offset + last.lengthBytes - first.offset);
  const handle = await open(file.path, "r");
  try {
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, first.offset);
    if (bytesRead !== bytes.length) throw corrupt(file.path, first.offset + bytesRead, "the file ends here");
  } finally {
    await handle.close();
  }
  return Array.from({ length: end - begin }, (_, i) => {
    const { offset, lengthBytes } = file.lines.place(begin + i);
    return bytes.subarray(offset - first.offset, offset - first.offset + lengthBytes);
  });
}

function stored(commit: ParsedCommit, path: string, offset: number): StoredCommit {
  const { id, origin, start, count, checkpoint, entryLines } = commit;
  return { id, origin, start, count, checkpoint, entryLines, place: `${path}, byte ${offset}` };
}

function corrupt(path: string, offset: number, what: string, cause?: unknown): VerificationError {
  return new VerificationError(
    "journal_corrupt",
    `The journal is damaged at ${path}, byte ${offset}: ${what}. Nothing was changed; restore this file from a copy`,
    { path, offset },
    { cause },
  );
}
