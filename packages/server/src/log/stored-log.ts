import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  formatEntryBundle,
  MalformedError,
  parseTile,
  proveConsistency,
  proveInclusion,
  TILE_WIDTH,
  tileHashReader,
  tileWidth,
  verifyConsistency,
  type Hash,
  type ReadTile,
} from "@stele/proof";
import type { IdHashSeed } from "../event/id-hash.ts";
import type { IngestPool } from "../event/ingest-pool.ts";
import type { Database } from "../search/database.ts";
import { SearchIndex } from "../search/search-index.ts";
import { LocalSegmentFiles, type SegmentFiles } from "../search/segment-files.ts";
import { openSegments, SegmentReader, streamEntryBlocks } from "../search/segment-reader.ts";
import type { LogSample } from "../ops/metrics.ts";
import type { Segment } from "../search/segment.ts";
import { FileJournal, type CutTail } from "../store/file-journal.ts";
import { FileVault } from "../store/file-vault.ts";
import { errorCode } from "../store/storage-error.ts";
import { AcknowledgedMark } from "./acknowledged-mark.ts";
import type { Acknowledgement, AuditLog, SignedTreeHead, SubmissionFormat } from "./audit-log.ts";
import { EntryBlocks } from "./entry-blocks.ts";
import { IdWindow } from "./id-window.ts";
import { readLogIdentity, type LogIdentity } from "./log-key.ts";
import { nativeHasher } from "./native-hasher.ts";
import type { ReceivedClock } from "./received-clock.ts";
import { Recovery } from "./recovery.ts";
import { acknowledgedSize, recoveredHead } from "./recovered-head.ts";
import { Sealer, type SealerOptions } from "./sealer.ts";
import { Sequencer, type CommitOutcome, type Committed } from "./sequencer.ts";
import { TreeStore } from "./tree-store.ts";

export interface StoredLogOptions {
  readonly name: string;
  /** `<data>/logs/<name>`; `log.json` and `key.pem` are there. */
  readonly directory: string;
  /** For what can be deleted while the node is stopped. */
  readonly cacheDirectory: string;
  readonly database: Database;
  readonly pool: IngestPool;
  readonly clock: ReceivedClock;
  /** Seeds the filter of ids; the pool's. */
  readonly idHashSeed: IdHashSeed;
  readonly sealing: Pick<SealerOptions, "segmentEntries" | "sealAfterMs">;
  readonly onOutcome?: (outcome: CommitOutcome) => void;
  /** Told of what happens in the background, for the operator. */
  readonly report: (event: LogReport) => void;
}

/** What a log does or suffers in the background. */
export type LogReport =
  | { readonly kind: "tail_cut"; readonly cut: CutTail }
  | { readonly kind: "sealed"; readonly segment: Segment; readonly seconds: number }
  | { readonly kind: "failed"; readonly what: string; readonly error: unknown };

/** One log in a directory of one machine. */
export class StoredLog implements AuditLog {
  readonly name: string;
  readonly search: SearchIndex;
  readonly #options: StoredLogOptions;
  readonly #identity: LogIdentity;
  readonly #journal: FileJournal;
  readonly #tree: TreeStore;
  readonly #blocks: EntryBlocks;
  readonly #sequencer: Sequencer;
  readonly #sealer: Sealer;
  readonly #mark: AcknowledgedMark;
  readonly #listeners = new Set<(treeSize: number) => void>();

  private constructor(options: StoredLogOptions, parts: OpenedParts) {
    this.name = options.name;
    this.#options = options;
    this.#identity = parts.identity;
    this.#journal = parts.journal;
    this.#tree = parts.tree;
    this.#mark = parts.mark;
    this.search = parts.search;
    const reader = new SegmentReader(options.database, parts.files);
    this.#sealer = new Sealer({
      ...options.sealing,
      segments: parts.segments,
      vault: parts.vault,
      journal: parts.journal,
      tree: parts.tree,
      search: parts.search,
      origin: parts.identity.origin,
      head: () => this.#sequencer.head,
      readReceivedAtMs: async (index) => receivedAtMs((await this.readEntries(index, index + 1))[0]!),
      stagingDirectory: join(options.cacheDirectory, "staging"),
      tempDirectory: join(options.cacheDirectory, "sealing"),
      report: options.report,
    });
    this.#blocks = new EntryBlocks(parts.tree, (from, to) =>
      reader.readEntries(this.#sealer.segmentOf(from), from, to),
    );
    this.#sequencer = new Sequencer({
      journal: parts.journal,
      tree: parts.tree,
      ids: parts.ids,
      identity: parts.identity,
      head: parts.head,
      readEntries: (from, to) => this.readEntries(from, to),
      onCommitted: (committed) => this.#committed(committed),
      ...(options.onOutcome && { onOutcome: options.onOutcome }),
    });
  }

  /**
   * Opens a log: rebuilds the tree from segments and journal, compares it with what was signed and acknowledged,
   * and starts indexing what is hot.
   *
   * @throws VerificationError `journal_corrupt`, `journal_gap`, `journal_truncated`, `log_forked`, …: the node
   *   must not serve this log
   */
  static async open(options: StoredLogOptions): Promise<StoredLog> {
    const { directory, cacheDirectory, database } = options;
    const identity = await readLogIdentity(directory);
    await mkdir(cacheDirectory, { recursive: true });
    const vault = await FileVault.open(join(directory, "segments"));
    const segments = await openSegments(database, join(directory, "segments"));
    const files = new LocalSegmentFiles(join(directory, "segments"));
    const tree = new TreeStore();
    for (const { subtreeHashes } of segments) {
      for (let at = 0; at < subtreeHashes.length; at += 32)
        tree.appendSealed(subtreeHashes.slice(at, at + 32));
    }
    const ids = new IdWindow();
    const recovery = new Recovery(identity.origin, tree, ids, options.idHashSeed);
    const mark = await AcknowledgedMark.open(join(directory, "checkpoint"), identity.vkey);
    const journal = await FileJournal.open(join(directory, "journal"), {
      acknowledgedSize: acknowledgedSize(identity, mark.head, segments.at(-1)),
      visit: (commit) => recovery.visit(commit),
    });
    if (journal.cutTail) options.report({ kind: "tail_cut", cut: journal.cutTail });
    const head = recoveredHead(identity, tree, recovery.newest?.checkpoint, mark.head);
    await rememberSealedIds(recovery, files, segments, IdWindow.start(tree.size));
    const search = new SearchIndex({
      database,
      segments,
      files,
      readEntries: (from, to) => log.readEntries(from, to),
    });
    const log: StoredLog = new StoredLog(options, {
      identity,
      vault,
      segments,
      files,
      tree,
      ids,
      mark,
      journal,
      head,
      search,
    });
    await log.#start();
    return log;
  }

  /** What the metrics show of it now. */
  sample(): LogSample {
    const { treeSize } = this.head();
    return {
      treeSize,
      indexedSize: this.search.indexedSize,
      queueBytes: this.#sequencer.queuedBytes,
      hotEntries: treeSize - this.#sealer.sealedSize,
    };
  }

  get origin(): string {
    return this.#identity.origin;
  }

  get vkey(): string {
    return this.#identity.vkey;
  }

  async append(body: Uint8Array, format: SubmissionFormat): Promise<Acknowledgement> {
    const { pool, clock } = this.#options;
    const receivedAt = clock.stamp();
    return await this.#sequencer.submit(() => pool.normalize(body, format, receivedAt), body.length);
  }

  head(): SignedTreeHead {
    return this.#sequencer.head;
  }

  async readEntries(from: number, to: number): Promise<Uint8Array[]> {
    this.#checkRange(from, to);
    const sealed = Math.min(to, this.#sealer.sealedSize);
    const entries: Uint8Array[] = [];
    for (let n = Math.floor(from / TILE_WIDTH); n * TILE_WIDTH < sealed; n++) {
      const block = await this.#blocks.get(n);
      const start = n * TILE_WIDTH;
      entries.push(...block.entries.slice(Math.max(0, from - start), sealed - start));
    }
    const hot = from + entries.length;
    if (hot < to) entries.push(...(await this.#readHot(hot, to)));
    return entries;
  }

  async proveInclusion(leafIndex: number, treeSize: number): Promise<Hash[]> {
    this.#checkRange(leafIndex, treeSize);
    return await proveInclusion(
      leafIndex,
      treeSize,
      tileHashReader(treeSize, this.#readTile, nativeHasher),
      nativeHasher,
    );
  }

  async proveConsistency(from: number, to: number): Promise<Hash[]> {
    this.#checkRange(from, to);
    return await proveConsistency(from, to, tileHashReader(to, this.#readTile, nativeHasher), nativeHasher);
  }

  async readTile(level: number, index: number, width: number): Promise<Uint8Array> {
    this.#checkTile(level, index, width);
    const hashes = this.#tree.tile(level, index, width);
    return hashes ?? (await this.#blocks.get(index)).leafHashes.slice(0, width * 32);
  }

  async readBundle(index: number, width: number): Promise<Uint8Array> {
    this.#checkTile(0, index, width);
    const start = index * TILE_WIDTH;
    return formatEntryBundle(await this.readEntries(start, start + width));
  }

  onCommit(listener: (treeSize: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  writable(): { readonly ok: true } | { readonly ok: false; readonly reason: string } {
    const reason = this.#sequencer.failure;
    return reason === undefined ? { ok: true } : { ok: false, reason };
  }

  /** Seals what is due now; for tests and for orderly shutdown nobody needs it. */
  async seal(): Promise<void> {
    await this.#sealer.sealDue();
  }

  /** Commits what was submitted, then lets go of everything. */
  async close(): Promise<void> {
    await this.#sequencer.close();
    await this.#sealer.close();
    await this.search.close();
    await this.#mark.close();
    await this.#journal.close();
  }

  async #start(): Promise<void> {
    const { head } = this.#mark;
    if (head && head.treeSize > 0 && head.treeSize < this.#tree.size) {
      const proof = await this.proveConsistency(head.treeSize, this.#tree.size);
      verifyConsistency(proof, head, this.head(), nativeHasher);
    }
    this.#mark.set(this.head());
    if (this.#tree.size > 0) {
      const [newest] = await this.readEntries(this.#tree.size - 1, this.#tree.size);
      this.#options.clock.advanceTo(receivedAtMs(newest!));
    }
    this.search
      .rebuild(this.#journal.files)
      .catch((error: unknown) => this.#options.report({ kind: "failed", what: "index rebuild", error }));
    this.#sealer.start();
  }

  async #committed({ start, count, head, lines }: Committed): Promise<void> {
    this.#mark.set(head);
    for (const listener of this.#listeners) listener(head.treeSize);
    this.#sealer.wake();
    await this.search.append(start, count, lines);
    await this.#sealer.room();
  }

  /** Entries that were not sealed when the caller looked: from the journal, or from the segment made since. */
  async #readHot(from: number, to: number): Promise<Uint8Array[]> {
    try {
      return await this.#journal.readEntries(from, to);
    } catch (error) {
      const trimmed =
        this.#sealer.sealedSize > from && (errorCode(error) === "ENOENT" || isOutOfRange(error));
      if (!trimmed) throw error;
      return await this.readEntries(from, to);
    }
  }

  readonly #readTile: ReadTile = async ({ level, index, width }) =>
    parseTile(await this.readTile(level, index, width), width);

  #checkRange(from: number, to: number): void {
    const { treeSize } = this.head();
    if (from >= 0 && from <= to && to <= treeSize) return;
    throw new MalformedError(
      "index_out_of_range",
      `The log has ${treeSize} entries; [${from}, ${to}) is not in it`,
    );
  }

  #checkTile(level: number, index: number, width: number): void {
    if (width >= 1 && width <= tileWidth(level, index, this.head().treeSize)) return;
    throw new MalformedError("not_found", `The log has no tile ${level}/${index} of width ${width} yet`);
  }
}

interface OpenedParts {
  readonly identity: LogIdentity;
  readonly vault: FileVault;
  readonly segments: readonly Segment[];
  readonly files: SegmentFiles;
  readonly tree: TreeStore;
  readonly ids: IdWindow;
  readonly mark: AcknowledgedMark;
  readonly journal: FileJournal;
  readonly head: SignedTreeHead;
  readonly search: SearchIndex;
}

function isOutOfRange(error: unknown): boolean {
  return error instanceof MalformedError && error.code === "index_out_of_range";
}

/** When the node received the event of an entry (Unix milliseconds). */
function receivedAtMs(entry: Uint8Array): number {
  const { received_at } = JSON.parse(Buffer.from(entry).toString()) as { received_at: string };
  return Date.parse(received_at);
}

/** The ids of sealed entries that the window still covers: an id is new only if none of them has it. */
async function rememberSealedIds(
  recovery: Recovery,
  files: SegmentFiles,
  segments: readonly Segment[],
  from: number,
): Promise<void> {
  for (const segment of segments) {
    if (segment.end <= from) continue;
    for await (const block of streamEntryBlocks(files, segment)) {
      for (const [i, entry] of block.entries.entries()) recovery.addId(block.start + i, entry, 0);
    }
  }
}
