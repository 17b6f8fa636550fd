import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { VerificationError } from "@stele/proof";
import { readCheckpointFile } from "../../log/acknowledged-mark.ts";
import { LocalSegmentFiles } from "../../search/segment-files.ts";
import { readSegment } from "../../search/segment-metadata.ts";
import { parseSegmentFileName, type Segment } from "../../search/segment.ts";
import { listJournalFiles, readJournalFile } from "../../store/file-journal.ts";
import type { Journal } from "../../store/journal.ts";
import { errorCode } from "../../store/storage-error.ts";
import type { CopiedCommit, CopiedSegment, LogCopy } from "./log-copy.ts";

/** A log in the data directory of one node, which may be running. */
export class DirectoryCopy implements LogCopy {
  readonly place: string;
  readonly files: LocalSegmentFiles;
  readonly #open: Pick<Journal, "readCommits">;
  readonly #segments: string;
  readonly #journal: string;

  /** `journal`: the same as the node has it open, which knows where commits begin. */
  constructor(directory: string, journal: Pick<Journal, "readCommits">) {
    this.#open = journal;
    this.place = directory;
    this.#segments = join(directory, "segments");
    this.#journal = join(directory, "journal");
    this.files = new LocalSegmentFiles(this.#segments);
  }

  async identity(): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.place, "log.json"));
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async acknowledged(): Promise<{ readonly place: string; readonly note: Uint8Array } | undefined> {
    const place = join(this.place, "checkpoint");
    const note = await readCheckpointFile(place);
    return note && { place, note };
  }

  async segmentStarts(): Promise<number[]> {
    return (await this.#names()).map((name) => parseSegmentFileName(name)!.start);
  }

  async segment(start: number): Promise<CopiedSegment | undefined> {
    const name = (await this.#names()).find((each) => parseSegmentFileName(each)!.start === start);
    return name === undefined ? undefined : { segment: await readSegment(join(this.#segments, name)) };
  }

  placeOf(segment: Segment): string {
    return this.files.place(segment);
  }

  async withFile<T>(_: CopiedSegment, work: (directory: string) => Promise<T>): Promise<T> {
    return await work(this.#segments);
  }

  /** A directory locks nothing. */
  async auditLock(): Promise<void> {
    await Promise.resolve();
  }

  async journalStart(newest: CopiedSegment | undefined): Promise<number> {
    return (await listJournalFiles(this.#journal))[0]?.start ?? newest?.segment.end ?? 0;
  }

  async *commits(from: number): AsyncGenerator<CopiedCommit> {
    const files = await listJournalFiles(this.#journal);
    for (const [i, file] of files.entries()) {
      if ((files[i + 1]?.start ?? Infinity) <= from) continue;
      try {
        for await (const commit of readJournalFile(file, i === files.length - 1)) {
          if (commit.start + commit.count > from) yield { place: commit.place, commit };
        }
      } catch (error) {
        if (errorCode(error) === "ENOENT") continue; // sealed and trimmed since it was listed
        if (!(error instanceof VerificationError)) throw error;
        yield { place: file.path, error };
      }
    }
  }

  async *commitsAt(starts: readonly number[]): AsyncGenerator<CopiedCommit> {
    const [first, last] = [starts[0], starts.at(-1)];
    if (first === undefined || last === undefined) return;
    try {
      for await (const commit of this.#open.readCommits(first)) {
        if (commit.start > last) return;
        if (starts.includes(commit.start)) yield { place: commit.place, commit };
      }
    } catch (error) {
      if (errorCode(error) === "ENOENT") return; // sealed and trimmed
      if (!(error instanceof VerificationError)) throw error;
      yield { place: this.#journal, error };
    }
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.#segments))
        .map((name) => basename(name))
        .filter((name) => parseSegmentFileName(name))
        .toSorted();
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    }
  }
}
