import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { UnavailableError } from "@stele/proof";
import type { Clock } from "../log/clock.ts";
import type { Database } from "../search/database.ts";
import type { SegmentFiles } from "../search/segment-files.ts";
import type { Segment } from "../search/segment.ts";
import { replaceFile } from "../store/durable-file.ts";
import { errorCode } from "../store/storage-error.ts";
import { DECLARATION, sourceOfEntry, sourcesOfPieces } from "./entry-source.ts";
import { SourceTable, type KeptTable } from "./source-table.ts";

const VERSION = 1;
const ROWS_AT_ONCE = 32_768;
const ENTRIES_AT_ONCE = 2_048;
const RETRY_MS_MAX = 60_000;

export interface LogSourcesOptions {
  /** A file of the cache: what sealed history shows. May be deleted while the node is stopped. */
  readonly cachePath: string;
  readonly database: Database;
  readonly segmentFiles: SegmentFiles;
  /** All segments, in order. */
  readonly segments: () => readonly Segment[];
  readonly readEntries: (from: number, to: number) => Promise<Uint8Array[]>;
  readonly treeSize: () => number;
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
}

/**
 * What the entries of a log show of their sources. Sealed history is read from the typed columns of segments, in the
 * background, once; then each commit is taken in as it is made.
 */
export class LogSources {
  readonly #options: LogSourcesOptions;
  readonly #closing = new AbortController();
  #table = new SourceTable();
  #isLive = false;
  #running: Promise<void> | undefined;

  constructor(options: LogSourcesOptions) {
    this.#options = options;
  }

  /** Begins; returns at once. */
  start(): void {
    this.#running ??= this.#load().finally(() => (this.#running = undefined));
  }

  /**
   * Of the newest tree. Not to be kept: it changes with each commit.
   *
   * @throws UnavailableError `sources_loading` for a while after the start
   */
  get table(): SourceTable {
    if (this.#isLive) return this.#table;
    throw new UnavailableError(
      "sources_loading",
      `The sources of the log are being read: ${this.#table.size} of ${this.#options.treeSize()} entries. Try again in a moment`,
      { retryAfterMs: 2_000 },
    );
  }

  get isLoading(): boolean {
    return !this.#isLive;
  }

  /** Takes in a commit. Entries without a source cost no more than a search through their bytes. */
  committed(start: number, count: number, lines: readonly Uint8Array[]): void {
    if (!this.#isLive) return;
    const table = this.#table;
    if (start + count <= table.size) return;
    if (start !== table.size) {
      this.#isLive = false;
      this.start();
      return;
    }
    for (const entry of sourcesOfPieces(lines, start)) table.add(entry);
    table.size = start + count;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #load(): Promise<void> {
    const { clock, onFailure } = this.#options;
    const { signal } = this.#closing;
    for (let pauseMs = 1_000; !signal.aborted; pauseMs = Math.min(2 * pauseMs, RETRY_MS_MAX)) {
      try {
        if (this.#table.size === 0) this.#table = (await this.#cached()) ?? this.#table;
        await this.#readSealed();
        await this.#readHot();
        return;
      } catch (error) {
        if (signal.aborted) return;
        onFailure(error);
        await clock.sleep(pauseMs, signal);
      }
    }
  }

  async #readSealed(): Promise<void> {
    const before = this.#table.size;
    for (const segment of this.#options.segments()) {
      if (this.#closing.signal.aborted) return;
      if (segment.end > this.#table.size) await this.#readSegment(segment);
    }
    if (this.#table.size > before) await this.#keep();
  }

  async #readSegment(segment: Segment): Promise<void> {
    // What is known of all its entries: none has a source.
    if (segment.statistics.values.source?.length !== 0) {
      for (let from = Math.max(segment.start, this.#table.size); from < segment.end; from += ROWS_AT_ONCE) {
        if (this.#closing.signal.aborted) return;
        await this.#readRows(segment, from, Math.min(segment.end, from + ROWS_AT_ONCE));
      }
    }
    this.#table.size = segment.end;
  }

  async #readRows(segment: Segment, from: number, to: number): Promise<void> {
    const { database, segmentFiles, readEntries } = this.#options;
    const rows = await segmentFiles.using([segment], "columns", async (paths) =>
      database.queryFiles(
        `SELECT seq, source_id, source_seq, epoch_ms(received_at), action = '${DECLARATION}'
         FROM read_parquet($1) WHERE seq >= $2 AND seq < $3 AND source_id IS NOT NULL ORDER BY seq`,
        [paths[0]!, BigInt(from), BigInt(to)],
        paths,
        "columns",
      ),
    );
    // All of them or, if a segment can't be read, none: it is read again.
    const entries = [];
    for (const [index, id, seq, receivedMs, isDeclaration] of rows) {
      const at = Number(index);
      const declaration =
        isDeclaration === true ? sourceOfEntry((await readEntries(at, at + 1))[0]!, at) : undefined;
      entries.push(
        declaration ?? {
          index: at,
          id: String(id),
          seq: seq === null ? undefined : Number(seq),
          receivedMs: Number(receivedMs),
          heartbeatSeconds: undefined,
        },
      );
    }
    for (const entry of entries) this.#table.add(entry);
    this.#table.size = to;
  }

  async #readHot(): Promise<void> {
    const { treeSize, readEntries } = this.#options;
    const table = this.#table;
    while (table.size < treeSize()) {
      if (this.#closing.signal.aborted) return;
      const from = table.size;
      const entries = await readEntries(from, Math.min(treeSize(), from + ENTRIES_AT_ONCE));
      for (const [i, bytes] of entries.entries()) {
        const entry = sourceOfEntry(bytes, from + i);
        if (entry) table.add(entry);
      }
      table.size = from + entries.length;
      await turn();
    }
    // Nothing was awaited since the size was compared: the next commit comes to `committed`.
    this.#isLive = true;
  }

  async #cached(): Promise<SourceTable | undefined> {
    const kept = parseCache(await readIfThere(this.#options.cachePath));
    if (!kept || kept.digest !== this.#digest(kept.table.size)) return undefined;
    return SourceTable.fromJson(kept.table);
  }

  /** A cache that can't be written costs time at the next start, and nothing else. */
  async #keep(): Promise<void> {
    const digest = this.#digest(this.#table.size);
    if (digest === undefined) return;
    const text = JSON.stringify({ v: VERSION, digest, table: this.#table.toJson() });
    try {
      await replaceFile(this.#options.cachePath, text, 0o600);
    } catch (error) {
      this.#options.onFailure(error);
    }
  }

  /** Of the segments that end at `size`; undefined if none does. */
  #digest(size: number): string | undefined {
    const hash = createHash("sha256");
    for (const { end, subtreeHashes } of this.#options.segments()) {
      hash.update(subtreeHashes);
      if (end === size) return hash.digest("base64");
    }
    return undefined;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** The node wrote it itself, behind its lock: only a torn or older file is to be told apart. */
function parseCache(text: string | undefined): { digest: string; table: KeptTable } | undefined {
  if (text === undefined) return undefined;
  try {
    const kept = JSON.parse(text) as { v: number; digest: string; table: KeptTable };
    return kept.v === VERSION ? kept : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
