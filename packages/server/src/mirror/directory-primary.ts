import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { UnavailableError } from "@stele/proof";
import { directoryStatements } from "../log/key-statements.ts";
import type { LogIdentity } from "../log/log-identity.ts";
import { readRange } from "../search/parquet-footer.ts";
import { describeSegmentFile } from "../search/segment-digests.ts";
import { openSegmentFile } from "../search/segment-files.ts";
import { formatSegmentRecord, parseSegmentRecord } from "../search/segment-record.ts";
import type { Segment } from "../search/segment.ts";
import { formatCommit } from "../store/commit.ts";
import { directoryObjects } from "../store/directory-objects.ts";
import { createFile } from "../store/durable-file.ts";
import { listJournalFiles, readJournalFile } from "../store/file-journal.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { StoredCommit } from "../store/journal.ts";
import { errorCode } from "../store/storage-error.ts";
import type { PrimaryLog, SealedRecord } from "./primary-log.ts";

export interface DirectoryPrimaryOptions {
  /** `<data>/logs/<name>`. A node may be running on it. */
  readonly directory: string;
  /** Signs the seal records, which a directory does not need for itself. */
  readonly identity: LogIdentity;
  /** All segments, in order, as they are now. */
  readonly segments: () => Promise<readonly Segment[]>;
}

/**
 * A log in the data directory of one node. For mirrors it gets what only stores have: the seal record of a segment is made
 * once, when it is first asked for, and kept in `records/`.
 */
export class DirectoryPrimary implements PrimaryLog {
  readonly #options: DirectoryPrimaryOptions;
  #cursor: { readonly commits: AsyncGenerator<StoredCommit>; next: number } | undefined;

  readonly anchors: ObjectStore;

  constructor(options: DirectoryPrimaryOptions) {
    this.#options = options;
    this.anchors = directoryObjects(options.directory);
  }

  get place(): string {
    return this.#options.directory;
  }

  async identity(): Promise<Buffer> {
    return await readFile(join(this.place, "log.json"));
  }

  async keyStatement(number: number): Promise<Uint8Array | undefined> {
    return await directoryStatements(this.place).read(number);
  }

  async record(start: number): Promise<SealedRecord | undefined> {
    const path = join(this.place, "records", String(start).padStart(16, "0"));
    const note = (await readIfThere(path)) ?? (await this.#makeRecord(start, path));
    return note && { ...parseSegmentRecord(note, this.#options.identity.keys, path), note };
  }

  async commit(start: number): Promise<Buffer | undefined> {
    const found = await this.#commitFrom(start);
    if (found?.start !== start) return undefined;
    return Buffer.concat(formatCommit({ ...found, lines: [found.entryLines] }));
  }

  async oldestCommit(): Promise<number | undefined> {
    return (await listJournalFiles(join(this.place, "journal")))[0]?.start;
  }

  async segmentLengthBytes({ segment }: SealedRecord): Promise<number | undefined> {
    try {
      return (await stat(this.#pathOf(segment))).size;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async readSegment({ segment }: SealedRecord, from: number, to: number): Promise<Uint8Array> {
    const file = await openSegmentFile(this.#pathOf(segment));
    try {
      return await readRange(file, { offset: from, lengthBytes: to - from });
    } finally {
      await file.close();
    }
  }

  #pathOf({ key }: Segment): string {
    return join(this.place, "segments", key);
  }

  async #makeRecord(start: number, path: string): Promise<Buffer | undefined> {
    const { identity, segments } = this.#options;
    const segment = (await segments()).find((each) => each.start === start);
    if (!segment) return undefined;
    const described = { ...segment, ...(await describeSegmentFile(this.#pathOf(segment))) };
    const resume = await this.#resumeOf(segment.end);
    const note = await formatSegmentRecord({ segment: described, resume }, (text) => identity.sign(text));
    await createFile(path, note);
    return await readFile(path);
  }

  /** Where to read on behind a segment: at its end, if the journal can be parted there. The commit before may be trimmed soon. */
  async #resumeOf(end: number): Promise<number> {
    const holding = await this.#commitFrom(end - 1);
    if (!holding || holding.start >= end) return end;
    const isParted = holding.start + holding.count === end && (await this.#commitFrom(end)) !== undefined;
    return isParted ? end : holding.start;
  }

  /** The commit that holds the entry, or the first one behind it that is left. */
  async #commitFrom(leafIndex: number): Promise<StoredCommit | undefined> {
    try {
      if (this.#cursor?.next !== leafIndex) {
        this.#cursor = { commits: readCommits(join(this.place, "journal"), leafIndex), next: leafIndex };
      }
      const { value, done } = await this.#cursor.commits.next();
      if (done) {
        this.#cursor = undefined;
        return undefined;
      }
      this.#cursor.next = value.start + value.count;
      return value;
    } catch (cause) {
      this.#cursor = undefined;
      if (errorCode(cause) !== "ENOENT") throw cause;
      throw new UnavailableError("journal_moved", `${this.place} was sealed and trimmed while it was read`, {
        cause,
      });
    }
  }
}

/** The commits of a journal directory, beginning with the one that holds entry `from`; a node may be appending. */
async function* readCommits(directory: string, from: number): AsyncGenerator<StoredCommit> {
  const files = await listJournalFiles(directory);
  for (const [i, file] of files.entries()) {
    if ((files[i + 1]?.start ?? Infinity) <= from) continue;
    for await (const commit of readJournalFile(file, i === files.length - 1)) {
      if (commit.start + commit.count > from) yield commit;
    }
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
