import { randomBytes } from "node:crypto";
import { formatCheckpoint, formatNote, InvariantError, UnavailableError } from "@stele/proof";
import type { EntryBatch } from "../event/entry-batch.ts";
import type { Journal } from "../store/journal.ts";
import type { Acknowledgement, SignedTreeHead } from "./audit-log.ts";
import type { IdWindow } from "./id-window.ts";
import type { LogIdentity } from "./log-key.ts";
import { placeEvents, type Placement, type ReadEntries } from "./placement.ts";
import { formatReceipts } from "./receipt.ts";
import type { TreeStore } from "./tree-store.ts";

/** What a group commit added to the log. */
export interface Committed {
  readonly start: number;
  readonly count: number;
  readonly head: SignedTreeHead;
  /** The new entries in order, each ended by LF. */
  readonly lines: readonly Uint8Array[];
}

export interface SequencerOptions {
  readonly journal: Journal;
  readonly tree: TreeStore;
  readonly ids: IdWindow;
  readonly identity: LogIdentity;
  /** The head to begin with; its tree size is the tree's. */
  readonly head: SignedTreeHead;
  /** Reads committed entries, to compare ids with. */
  readonly readEntries: ReadEntries;
  /**
   * Called after each commit, before it is acknowledged. The next commit waits for what it returns, so that whoever
   * follows the log is never left further behind than memory allows.
   */
  readonly onCommitted: (committed: Committed) => Promise<void>;
  readonly onOutcome?: (outcome: CommitOutcome) => void;
  readonly limits?: Partial<SequencerLimits>;
}

export interface SequencerLimits {
  /** Past this many bytes waiting, submissions are refused as `overloaded`. */
  readonly queueBytesMax: number;
  /** A commit takes no further submission once it has this many bytes or entries. */
  readonly commitBytesMax: number;
  readonly commitEntriesMax: number;
}

export interface CommitOutcome {
  readonly entries: number;
  readonly duplicates: number;
  readonly bytes: number;
  readonly seconds: number;
}

const LIMITS: SequencerLimits = {
  queueBytesMax: 64 * 1024 * 1024,
  commitBytesMax: 4 * 1024 * 1024,
  commitEntriesMax: 16_384,
};
const FAILURE_SHOWN_MS = 10_000;

interface Submission {
  batch: EntryBatch | "parsing" | "refused";
  bytes: number;
  readonly acknowledge: (acknowledgement: Acknowledgement) => void;
  readonly refuse: (error: unknown) => void;
}

/**
 * Puts submissions into the one order of the log, in the order in which they came, and commits them in groups:
 * while one commit is on its way to the disk, the next one collects (docs/design/0001-architecture.md).
 */
export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #limits: SequencerLimits;
  readonly #queue: Submission[] = [];
  #queuedBytes = 0;
  #running = false;
  #closed = false;
  #idle: (() => void) | undefined;
  #head: SignedTreeHead;
  #failure: { reason: string; atMs: number } | undefined;

  constructor(options: SequencerOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#head = options.head;
  }

  get head(): SignedTreeHead {
    return this.#head;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Why the last write failed, if that was just now; it is forgotten after a while so that somebody tries again. */
  get failure(): string | undefined {
    const recent = this.#failure && performance.now() - this.#failure.atMs < FAILURE_SHOWN_MS;
    return recent ? this.#failure?.reason : undefined;
  }

  /**
   * Takes a place in the order now, for events that are still being parsed. Resolves once they are durable.
   *
   * @throws UnavailableError `overloaded`, `node_stopping`, `storage_full`, `storage_failed`, and what `batch` throws
   */
  submit(batch: () => Promise<EntryBatch>, bytes: number): Promise<Acknowledgement> {
    if (this.#closed)
      throw new UnavailableError("node_stopping", "The node is stopping; send this to another one");
    this.#refuseOverload(bytes, this.#limits.queueBytesMax);
    this.#queuedBytes += bytes;
    return new Promise((acknowledge, refuse) => {
      const submission: Submission = { batch: "parsing", bytes, acknowledge, refuse };
      this.#queue.push(submission);
      batch().then(
        (parsed) => this.#ready(submission, parsed),
        (error: unknown) => this.#drop(submission, error),
      );
    });
  }

  /** Commits what was submitted, then takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#queue.length > 0 || this.#running) await new Promise<void>((idle) => (this.#idle = idle));
  }

  #ready(submission: Submission, batch: EntryBatch): void {
    try {
      // What was compressed may have grown: past twice the bound it is not worth the memory.
      this.#refuseOverload(batch.bytes.length - submission.bytes, 2 * this.#limits.queueBytesMax);
    } catch (error) {
      this.#drop(submission, error);
      return;
    }
    this.#queuedBytes += batch.bytes.length - submission.bytes;
    submission.bytes = batch.bytes.length;
    submission.batch = batch;
    this.#start();
  }

  #drop(submission: Submission, error: unknown): void {
    submission.batch = "refused";
    this.#queuedBytes -= submission.bytes;
    submission.refuse(error);
    this.#start();
  }

  #refuseOverload(bytes: number, bytesMax: number): void {
    if (this.#queuedBytes + bytes <= bytesMax || this.#queue.length === 0) return;
    throw new UnavailableError(
      "overloaded",
      "Too much is waiting to be written; send this again in a second",
      {
        retryAfterMs: 1_000,
      },
    );
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#run().catch((error: unknown) => {
      throw new InvariantError("sequencer_crashed", "The sequencer failed", { cause: error });
    });
  }

  async #run(): Promise<void> {
    for (let group = this.#take(); group.length > 0; group = this.#take()) {
      const started = performance.now();
      try {
        await this.#commit(group, started);
        this.#failure = undefined;
      } catch (error) {
        this.#failure = {
          reason: error instanceof Error ? error.message : String(error),
          atMs: performance.now(),
        };
        for (const { submission } of group) submission.refuse(error);
      }
      for (const { submission } of group) this.#queuedBytes -= submission.bytes;
    }
    this.#running = false;
    if (this.#queue.length === 0) this.#idle?.();
  }

  /** The submissions at the front of the queue that are parsed, up to the size of a commit. */
  #take(): { submission: Submission; batch: EntryBatch }[] {
    const group: { submission: Submission; batch: EntryBatch }[] = [];
    let bytes = 0;
    let entries = 0;
    let taken = 0;
    for (const submission of this.#queue) {
      const { batch } = submission;
      if (batch === "parsing") break;
      if (batch !== "refused") {
        bytes += batch.bytes.length;
        entries += batch.count;
        const full = bytes > this.#limits.commitBytesMax || entries > this.#limits.commitEntriesMax;
        if (full && group.length > 0) break;
        group.push({ submission, batch });
      }
      taken++;
    }
    this.#queue.splice(0, taken);
    return group;
  }

  async #commit(group: { submission: Submission; batch: EntryBatch }[], started: number): Promise<void> {
    const { tree, ids, readEntries } = this.#options;
    const batches = group.map(({ batch }) => batch);
    const placement = await placeEvents(batches, tree.size, ids, readEntries);
    const followed = placement.newCount > 0 ? await this.#append(batches, placement) : undefined;
    let number = 0;
    for (const { submission, batch } of group) {
      const receiptsJson = formatReceipts(batch, placement, number);
      submission.acknowledge({ treeSize: this.#head.treeSize, count: batch.count, receiptsJson });
      number += batch.count;
    }
    this.#options.onOutcome?.({
      entries: placement.newCount,
      duplicates: placement.duplicates.size,
      bytes: placement.lines.reduce((sum, lines) => sum + lines.length, 0),
      seconds: (performance.now() - started) / 1000,
    });
    await followed?.done;
  }

  /** Makes the commit durable and takes it over. What followers still have to do is handed back, not waited for. */
  async #append(batches: readonly EntryBatch[], placement: Placement): Promise<{ done: Promise<void> }> {
    const { journal, tree, identity } = this.#options;
    const { lines, leafHashes, newCount: count } = placement;
    const start = tree.size;
    const extension = tree.extend(leafHashes);
    const head = signTreeHead(identity, extension.range.end, extension.range.root());
    await journal.append({
      id: randomBytes(16).toString("hex"),
      origin: identity.origin,
      start,
      count,
      lines,
      checkpoint: Buffer.from(head.note).toString(),
    });
    tree.commit(extension);
    this.#remember(batches, placement);
    this.#head = head;
    return { done: this.#options.onCommitted({ start, count, head, lines }) };
  }

  #remember(batches: readonly EntryBatch[], { indexes, duplicates }: Placement): void {
    let number = 0;
    for (const { count, idHashes } of batches) {
      for (let i = 0; i < count; i++, number++) {
        if (duplicates.has(number)) continue;
        this.#options.ids.add(idHashes[2 * i]!, idHashes[2 * i + 1]!, indexes[number]!);
      }
    }
  }
}

/** The signed checkpoint of a tree. */
export function signTreeHead(identity: LogIdentity, treeSize: number, root: Uint8Array): SignedTreeHead {
  const text = formatCheckpoint({ origin: identity.origin, treeSize, root });
  const { name, keyId } = identity.signer.key;
  const signature = identity.signer.sign(Buffer.from(text));
  return { treeSize, root, note: formatNote(text, [{ name, keyId, signature }]) };
}
