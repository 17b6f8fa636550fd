import { createHash, randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { equalBytes, InvariantError, MalformedError, VerificationError, type LogKeys } from "@stele/proof";
import { fetchSegment } from "../../mirror/copy-segment.ts";
import type { SealedRecord } from "../../mirror/primary-log.ts";
import { SharedPrimary } from "../../mirror/shared-primary.ts";
import { columnRanges } from "../../search/segment-digests.ts";
import type { SegmentFiles } from "../../search/segment-files.ts";
import { corruptSegment, type Segment } from "../../search/segment.ts";
import { parseFence } from "../../store/fence.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { logKeys } from "../../store/store.ts";
import type { Vault } from "../../store/vault.ts";
import { parseCommitObject } from "../commit-audit.ts";
import { auditLock } from "../lock-audit.ts";
import type { CopiedCommit, CopiedSegment, LogCopy } from "./log-copy.ts";

export interface StoreCopyOptions {
  /** The store's own, with nothing that stands in for it while it is out. */
  readonly objects: ObjectStore;
  readonly vault: Vault;
  /** Of the log. */
  readonly keys: LogKeys;
  /** For one segment at a time. */
  readonly tempDirectory: string;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
}

/** A log in a store, as its nodes' primary or as a mirror. */
export class StoreCopy implements LogCopy {
  readonly place: string;
  readonly files: SegmentFiles;
  readonly #primary: SharedPrimary;
  readonly #options: StoreCopyOptions;

  constructor(options: StoreCopyOptions) {
    this.#options = options;
    this.#primary = new SharedPrimary(options.objects, options.vault, options.keys);
    this.place = options.objects.place;
    this.files = new VaultFiles(this.#primary.vault);
  }

  async identity(): Promise<Buffer | undefined> {
    return await this.#options.objects.get(logKeys.identity);
  }

  /** Each node has its mark in a directory of its own. */
  async acknowledged(): Promise<undefined> {
    return await Promise.resolve(undefined);
  }

  async segmentStarts(): Promise<number[]> {
    const starts: number[] = [];
    for await (const { key } of this.#options.objects.list(logKeys.segments)) {
      starts.push(Number(key.slice(logKeys.segments.length)));
    }
    return starts;
  }

  async segment(start: number): Promise<CopiedSegment | undefined> {
    return await this.#primary.record(start);
  }

  placeOf(segment: Segment): string {
    return this.files.place(segment);
  }

  async withFile<T>(segment: CopiedSegment, work: (directory: string) => Promise<T>): Promise<T> {
    const { vault } = this.#primary;
    const record = segment as SealedRecord; // made by this.segment
    const { key, lengthBytes } = record.segment;
    const place = this.placeOf(record.segment);
    const found = await vault.head(record.segment);
    if (found?.lengthBytes !== lengthBytes) {
      throw corruptSegment(
        place,
        found ? `it has ${found.lengthBytes} bytes, not ${lengthBytes}` : "it is gone",
      );
    }
    const directory = join(this.#options.tempDirectory, randomBytes(8).toString("hex"));
    await mkdir(directory, { recursive: true });
    try {
      const read = (from: number, to: number) => vault.get(record.segment, from, to);
      try {
        await fetchSegment(record, read, place, join(directory, key), "volatile");
      } catch (error) {
        if (!(error instanceof VerificationError)) throw error;
        throw await this.#locate(record, error);
      }
      return await work(directory);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async auditLock({ segment, retainUntilMs }: CopiedSegment): Promise<void> {
    const record = { segment, ...(retainUntilMs !== undefined && { retainUntilMs }) } as SealedRecord;
    await auditLock(record, this.#primary.vault, this.#options.nowMs());
  }

  async journalStart(newest: CopiedSegment | undefined): Promise<number> {
    return await Promise.resolve(newest?.resume ?? 0);
  }

  async *commits(from: number): AsyncGenerator<CopiedCommit> {
    const { objects } = this.#options;
    for await (const { key } of objects.list(logKeys.journal, logKeys.commit(from).slice(0, -1))) {
      if (key >= logKeys.commit(from)) yield* this.#commit(Number(key.slice(logKeys.journal.length)));
    }
  }

  async *commitsAt(starts: readonly number[]): AsyncGenerator<CopiedCommit> {
    for (const start of starts) yield* this.#commit(start);
  }

  /** None if it was trimmed meanwhile, or is a fence. */
  async *#commit(start: number): AsyncGenerator<CopiedCommit> {
    const { objects } = this.#options;
    const place = `${objects.place}/${logKeys.commit(start)}`;
    const bytes = await objects.get(logKeys.commit(start));
    if (!bytes || parseFence(bytes)) return;
    try {
      yield { place, commit: parseCommitObject(bytes, start, place) };
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      yield { place, error };
    }
  }

  /** Which part of a segment's file is not what was sealed, by the hashes of its record. */
  async #locate(record: SealedRecord, error: VerificationError): Promise<VerificationError> {
    const { segment } = record;
    const { vault } = this.#primary;
    let start = segment.start;
    for (const { rows, from, to, sha256 } of segment.digests.entryRanges) {
      const found = createHash("sha256")
        .update(await vault.get(segment, from, to))
        .digest();
      if (!equalBytes(found, sha256)) {
        const what = `bytes [${from}, ${to}), the entries [${start}, ${start + rows}), are not what was sealed`;
        return damaged(this.placeOf(segment), what, {
          from,
          to,
          start,
          end: start + rows,
          expected: sha256,
          found,
        });
      }
      start += rows;
    }
    const columns = createHash("sha256");
    for (const { from, to } of columnRanges(segment)) {
      if (to > from) columns.update(await vault.get(segment, from, to));
    }
    const found = columns.digest();
    if (equalBytes(found, segment.digests.columns)) return error;
    const evidence = { expected: segment.digests.columns, found };
    return damaged(
      this.placeOf(segment),
      "what is beside its entries (columns, footer) is not what was sealed",
      evidence,
    );
  }
}

function damaged(place: string, what: string, evidence: Record<string, unknown>): VerificationError {
  const { code, message } = corruptSegment(place, what);
  return new VerificationError(code, message, { place, ...evidence });
}

/** Ranges of segments, right from a vault. */
class VaultFiles implements SegmentFiles {
  readonly bytesAtOnce = Infinity;
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  place({ key }: Segment): string {
    return `${this.#vault.place}/${key}`;
  }

  async using<T>(): Promise<T> {
    await Promise.resolve();
    throw new InvariantError(
      "segment_not_described",
      "A segment of a store is read by the ranges in its record",
    );
  }

  async read(segment: Segment, from: number, to: number): Promise<Buffer> {
    try {
      return Buffer.from(await this.#vault.get(segment, from, to));
    } catch (cause) {
      if (!(cause instanceof MalformedError)) throw cause;
      throw corruptSegment(this.place(segment), cause.message, { cause });
    }
  }

  /** Nothing is kept. */
  async recheck(): Promise<undefined> {
    return await Promise.resolve(undefined);
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}
