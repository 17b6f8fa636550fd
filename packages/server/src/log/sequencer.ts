import { randomBytes } from "node:crypto";
import { ConflictError, InvariantError, UnavailableError } from "@stele/proof";
import type { EntryBatch } from "../event/entry-batch.ts";
import type { Journal } from "../store/journal.ts";
import type { Acknowledgement, SignedTreeHead } from "./audit-log.ts";
import type { Clock } from "./clock.ts";
import type { Committed } from "./follower.ts";
import type { LogIdentity } from "./log-identity.ts";
import type { LogState } from "./log-state.ts";
import type { Mutex } from "./mutex.ts";
import { placeEvents, type Placement, type ReadEntries } from "./placement.ts";
import { formatReceipts } from "./receipt.ts";
import { Turns } from "./turns.ts";

export interface SequencerOptions {
  readonly journal: Journal;
  readonly state: LogState;
  readonly identity: LogIdentity;
  readonly clock: Clock;
  /** Held while the state changes. */
  readonly exclusive: Mutex;
  /** The newest head, whoever committed it; its tree size is the tree's. */
  readonly head: () => SignedTreeHead;
  /** Reads committed entries, to compare ids with. */
  readonly readEntries: ReadEntries;
  /** Other nodes that commit, too, if there can be any. */
  readonly others?: {
    /** Takes over what they committed first; returns how many commits that were. The mutex is held. */
    catchUp(): Promise<number>;
    /** The same, taking the mutex, and without failing: 0 if the store is out. */
    look(): Promise<number>;
  };
  /**
   * Called after each commit of this node, before it is acknowledged. The next commit waits for what it returns, so that
   * whoever follows the log is never left further behind than memory allows.
   */
  readonly onCommitted: (committed: Committed) => Promise<void>;
  /** Resolves once entries below `treeSize` may be acknowledged: at once, unless a mirror must have them, too. */
  readonly assured?: (treeSize: number) => Promise<void>;
  readonly onOutcome?: (outcome: CommitOutcome) => void;
  readonly onFailure?: (error: unknown) => void;
  readonly limits?: Partial<SequencerLimits>;
  /** 16 random bytes for a commit's id; a number in [0, 1). */
  readonly randomId?: () => string;
  readonly random?: () => number;
}

export interface SequencerLimits {
  /** Past this many bytes waiting, submissions are refused as `overloaded`. */
  readonly queueBytesMax: number;
  /** A commit takes no further submission once it has this many bytes or entries. */
  readonly commitBytesMax: number;
  readonly commitEntriesMax: number;
  /** A submission that could not be committed for so long is refused: the store is out. */
  readonly commitTimeoutMs: number;
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
  commitTimeoutMs: 5_000,
};
/** What was waiting while the store was out gets at least so long. */
const COMMIT_TIMEOUT_MS_MIN = 1_000;
const CONFLICT_PAUSE_MS = 20;
const FAILURE_SHOWN_MS = 10_000;

interface Submission {
  batch: EntryBatch | "parsing" | "refused";
  bytes: number;
  readonly arrivedMs: number;
  readonly acknowledge: (acknowledgement: Acknowledgement) => void;
  readonly refuse: (error: unknown) => void;
}

type Group = readonly { readonly submission: Submission; readonly batch: EntryBatch }[];

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
  #failure: { reason: string; atMs: number } | undefined;
  /** Commits that await assurance, in order. */
  #assuring: Promise<void> = Promise.resolve();
  readonly #turns: Turns;

  constructor(options: SequencerOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#turns = new Turns(options.clock, options.random ?? Math.random);
  }

  /** Tells that another node commits, too. */
  foreignCommit(): void {
    this.#turns.foreign();
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Why the last write failed, if that was just now; it is forgotten after a while so that somebody tries again. */
  get failure(): string | undefined {
    const recent = this.#failure && this.#options.clock.monotonicMs() - this.#failure.atMs < FAILURE_SHOWN_MS;
    return recent ? this.#failure?.reason : undefined;
  }

  /**
   * Takes a place in the order now, for events that are still being parsed. Resolves once they are durable.
   *
   * @throws UnavailableError `overloaded`, `node_stopping`; what `Journal.append` and `batch` throw
   */
  submit(batch: () => Promise<EntryBatch>, bytes: number): Promise<Acknowledgement> {
    if (this.#closed)
      throw new UnavailableError("node_stopping", "The node is stopping; send this to another one");
    this.#refuseOverload(bytes, this.#limits.queueBytesMax);
    this.#queuedBytes += bytes;
    return new Promise((acknowledge, refuse) => {
      const arrivedMs = this.#options.clock.monotonicMs();
      const submission: Submission = { batch: "parsing", bytes, arrivedMs, acknowledge, refuse };
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
    await this.#assuring;
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
    // What waits to be assured by a mirror counts, too, though it is not in the queue any more.
    if (this.#queuedBytes + bytes <= bytesMax || this.#queuedBytes === 0) return;
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
    const { clock, exclusive, others } = this.#options;
    for (let group = this.#take(); group.length > 0; group = this.#take()) {
      const startedMs = clock.monotonicMs();
      let pauseMs = 0;
      try {
        const followed = await exclusive.run(() => this.#commit(group, startedMs));
        this.#failure = undefined;
        if (followed) {
          if (others) pauseMs = this.#turns.won(clock.monotonicMs() - startedMs);
          await followed.done;
        }
      } catch (error) {
        this.#fail(group, error);
      }
      if (others && pauseMs > 0 && !this.#closed) await this.#giveWay(() => others.look(), pauseMs);
    }
    this.#running = false;
    if (this.#queue.length === 0) this.#idle?.();
  }

  /** Waits until another node has committed, or for so long. */
  async #giveWay(look: () => Promise<number>, pauseMs: number): Promise<void> {
    const { clock } = this.#options;
    const untilMs = clock.monotonicMs() + pauseMs;
    let seen = false;
    while (!seen && this.#queue.length > 0 && clock.monotonicMs() < untilMs) {
      await clock.sleep(this.#turns.lookMs);
      seen = (await look()) > 0;
    }
    if (seen) await clock.sleep(this.#turns.graceMs);
    this.#turns.waited(seen);
  }

  #fail(group: Group, error: unknown): void {
    this.#failure = {
      reason: reasonOf(error),
      atMs: this.#options.clock.monotonicMs(),
    };
    for (const { submission } of group) submission.refuse(error);
    this.#release(group);
    this.#options.onFailure?.(error);
  }

  #release(group: Group): void {
    for (const { submission } of group) this.#queuedBytes -= submission.bytes;
  }

  /** The submissions at the front of the queue that are parsed, up to the size of a commit. */
  #take(): Group {
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

  /** Places and commits a group, behind whatever others commit first, and acknowledges it. The mutex is held. */
  async #commit(group: Group, startedMs: number): Promise<{ done: Promise<void> } | undefined> {
    const { clock, journal, state, readEntries, others, onOutcome } = this.#options;
    const batches = group.map(({ batch }) => batch);
    const deadlineMs = Math.max(
      Math.min(...group.map(({ submission }) => submission.arrivedMs)) + this.#limits.commitTimeoutMs,
      startedMs + COMMIT_TIMEOUT_MS_MIN,
    );
    for (;;) {
      // A commit that was seen but could not be kept here, with the disk full: its entries can't be read yet.
      if (others && journal.end < state.tree.size) await others.catchUp();
      const placement = await placeEvents(batches, state.tree.size, state.ids, readEntries);
      let followed: { done: Promise<void> } | undefined;
      try {
        if (placement.newCount > 0) followed = await this.#append(batches, placement, deadlineMs);
      } catch (error) {
        if (!others || !(error instanceof ConflictError)) throw error;
        if (clock.monotonicMs() > deadlineMs) throw contended(error);
        const behind = (await others.catchUp()) > 0;
        const pauseMs = behind ? this.#turns.lost() : CONFLICT_PAUSE_MS;
        await clock.sleep(pauseMs);
        continue;
      }
      this.#acknowledge(group, placement);
      onOutcome?.({
        entries: placement.newCount,
        duplicates: placement.duplicates.size,
        bytes: placement.lines.reduce((sum, lines) => sum + lines.length, 0),
        seconds: (clock.monotonicMs() - startedMs) / 1000,
      });
      return followed;
    }
  }

  /** Tells the producers of a group that was committed, once that is assured; the next group does not wait for it. */
  #acknowledge(group: Group, placement: Placement): void {
    const { head, assured } = this.#options;
    const { treeSize } = head();
    const tell = (): void => {
      let number = 0;
      for (const { submission, batch } of group) {
        const receiptsJson = formatReceipts(batch, placement, number);
        submission.acknowledge({ treeSize, count: batch.count, receiptsJson });
        number += batch.count;
      }
      this.#release(group);
    };
    if (!assured) {
      tell();
      return;
    }
    this.#assuring = Promise.all([assured(treeSize), this.#assuring]).then(tell, (error: unknown) =>
      this.#fail(group, error),
    );
  }

  /** Makes the commit durable and takes it over. What followers still have to do is handed back, not waited for. */
  async #append(
    batches: readonly EntryBatch[],
    placement: Placement,
    deadlineMs: number,
  ): Promise<{ done: Promise<void> }> {
    const { journal, state, identity, randomId } = this.#options;
    const { tree } = state;
    const { lines, leafHashes, newCount: count } = placement;
    const start = tree.size;
    const extension = tree.extend(leafHashes);
    const head = await identity.signTreeHead(extension.range.end, extension.range.root());
    const commit = {
      id: randomId?.() ?? randomBytes(16).toString("hex"),
      origin: identity.origin,
      start,
      count,
      lines,
      checkpoint: Buffer.from(head.note).toString(),
    };
    await journal.append(commit, { deadlineMs });
    tree.commit(extension);
    this.#remember(batches, placement);
    return { done: this.#options.onCommitted({ start, count, head, lines }) };
  }

  #remember(batches: readonly EntryBatch[], { indexes, duplicates }: Placement): void {
    let number = 0;
    for (const { count, idHashes } of batches) {
      for (let i = 0; i < count; i++, number++) {
        if (duplicates.has(number)) continue;
        this.#options.state.ids.add(idHashes[2 * i]!, idHashes[2 * i + 1]!, indexes[number]!);
      }
    }
  }
}

/** What is nobody's fault, and least of all that of the producer who waited. */
function contended(cause: ConflictError): UnavailableError {
  return new UnavailableError(
    "overloaded",
    "Other nodes committed first for as long as a submission may wait. Send it again",
    { cause, retryAfterMs: 1_000 },
  );
}

/** For operators: what producers are told may leave out places, which the cause names. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
