import { setTimeout as delay } from "node:timers/promises";
import { InvariantError, UnavailableError, VerificationError } from "@stele/proof";
import { readJournalFile } from "../store/file-journal.ts";
import type { JournalFile } from "../store/journal.ts";
import type { HotIndex } from "./hot-index.ts";
import { endOfLines, LineBatch } from "./line-batch.ts";

interface Run {
  readonly start: number;
  readonly count: number;
  readonly lines: readonly Uint8Array[];
}

/** Callers wait while so many bytes are not yet indexed. */
const BACKLOG_BYTES_MAX = 32 * 1024 * 1024;
const RETRY_MS = 1000;
/** Between two inserts, unless there is much: one costs milliseconds however small it is, and each commit would cause one. */
const PAUSE_MS = 50;

/**
 * Brings entries into the hot index in order: first what the journal has, then what is appended. What comes while one
 * insert runs goes into the next. An insert that fails is tried again until it succeeds: nothing is left out.
 */
export class IndexFeed {
  readonly #hot: HotIndex;
  readonly #onIndexed: (size: number) => void;
  readonly #batch = new LineBatch();
  #indexedSize: number;
  /** What was not yet copied into the batch. */
  readonly #backlog: Run[] = [];
  #backlogBytes = 0;
  #room = Promise.withResolvers<void>();
  #journal: readonly JournalFile[] = [];
  #running: Promise<void> | undefined;
  #insertAfterMs = 0;
  #closed = false;
  /** What is given to it is not a log: nothing is indexed any more. */
  #broken: Error | undefined;
  failure: Error | undefined;

  constructor(hot: HotIndex, indexedSize: number, onIndexed: (size: number) => void) {
    this.#hot = hot;
    this.#indexedSize = indexedSize;
    this.#onIndexed = onIndexed;
  }

  get indexedSize(): number {
    return this.#indexedSize;
  }

  /** Resolves when there is room for more. */
  async append(run: Run): Promise<void> {
    if (this.#broken) throw this.#broken;
    this.#backlog.push(run);
    this.#backlogBytes += lengthBytes(run);
    // How it ends is kept in `failure`.
    this.#start().catch(() => undefined);
    while (this.#backlogBytes > BACKLOG_BYTES_MAX && !this.#closed && !this.#broken) await this.#room.promise;
  }

  /** Indexes the journal ahead of what is appended. Resolves when that is done. */
  async rebuild(files: readonly JournalFile[]): Promise<void> {
    this.#journal = files;
    await this.#start();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#makeRoom();
    // Only close() itself makes it fail now.
    await this.#running?.catch(() => undefined);
  }

  async #start(): Promise<void> {
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      const files = this.#journal;
      this.#journal = [];
      for (const file of files) {
        for await (const { start, count, entryLines } of readJournalFile(file, true)) {
          if (this.#closed) return;
          await this.#add({ start, count, lines: [entryLines] });
        }
      }
      while (!this.#closed && (this.#backlog.length > 0 || this.#batch.count > 0)) {
        const run = this.#backlog.shift();
        if (!run) {
          const waitMs = this.#insertAfterMs - performance.now();
          if (waitMs > 0) await delay(waitMs);
          else await this.#flush();
          continue;
        }
        await this.#add(run);
        this.#backlogBytes -= lengthBytes(run);
        this.#makeRoom();
      }
    } catch (error) {
      this.failure = this.#broken = asError(error);
      this.#makeRoom();
      throw error;
    }
  }

  #makeRoom(): void {
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }

  /** Puts a run into the batch, as far as it is new; inserts whenever the batch is full. */
  async #add({ start, count, lines }: Run): Promise<void> {
    const next = this.#indexedSize + this.#batch.count;
    if (start > next) {
      throw new VerificationError("index_gap", `Entry ${next} should be indexed next, not ${start}`, {
        start,
        next,
      });
    }
    let known = next - start;
    if (known >= count) return;
    if (known > 0 && lines.length > 1) lines = [Buffer.concat(lines)];
    for (const piece of lines) {
      let at = endOfLines(piece, known);
      known = 0;
      while (at < piece.length) {
        const taken = this.#batch.take(piece.subarray(at));
        at += taken;
        if (at < piece.length) await this.#flush();
        if (this.#closed) return;
      }
    }
    const end = this.#indexedSize + this.#batch.count;
    if (end !== start + count) {
      throw new InvariantError(
        "index_count_wrong",
        `The run of ${count} entries from ${start} on ends at ${end}`,
      );
    }
  }

  async #flush(): Promise<void> {
    const { count, bytes } = this.#batch;
    while (!this.#closed) {
      try {
        await this.#hot.insert(this.#indexedSize, count, bytes);
        break;
      } catch (error) {
        this.failure = asError(error);
        await delay(RETRY_MS);
      }
    }
    if (this.#closed) throw new UnavailableError("search_closed", "The node is stopping");
    this.failure = undefined;
    this.#indexedSize += count;
    this.#batch.clear();
    this.#insertAfterMs = performance.now() + PAUSE_MS;
    this.#onIndexed(this.#indexedSize);
  }
}

function lengthBytes({ lines }: Run): number {
  return lines.reduce((sum, { length }) => sum + length, 0);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
