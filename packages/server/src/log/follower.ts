import { SteleError, VerificationError } from "@stele/proof";
import type { SharedJournal, StoredCommit } from "../store/journal.ts";
import type { SignedTreeHead } from "./audit-log.ts";
import type { Clock } from "./clock.ts";
import type { LogIdentity } from "./log-identity.ts";
import type { LogState } from "./log-state.ts";
import type { Mutex } from "./mutex.ts";

/** A commit that was added to the state of the log. */
export interface Committed {
  readonly start: number;
  readonly count: number;
  readonly head: SignedTreeHead;
  /** The new entries in order, each ended by LF. */
  readonly lines: readonly Uint8Array[];
}

export interface FollowerOptions {
  readonly journal: SharedJournal;
  readonly state: LogState;
  /** Verifies what others signed, and learns of the log's new keys by it. */
  readonly identity: Pick<LogIdentity, "verify">;
  readonly clock: Clock;
  /** Held while the state changes; the sequencer holds the same. */
  readonly exclusive: Mutex;
  /** Called for each commit that was taken over; the next one waits for it. */
  readonly onFollowed: (committed: Committed) => Promise<void>;
  /** Between two looks when nothing happens (milliseconds). */
  readonly idlePauseMs: () => number;
  /** Told when following fails (once for each kind of error until it works again), and when it works again. */
  readonly onFailure: (error: unknown) => void;
  readonly onRecovered: () => void;
}

const BUSY_PAUSE_MS = 20;

/** Takes over the commits of other nodes: each is hashed, and its signature checked, before anyone sees it. */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #closing = new AbortController();
  #nap = new AbortController();
  #running: Promise<void> | undefined;
  /** The code of the last failure, until it works again. */
  #failure: string | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Looks soon, however long it meant to wait: somebody watches the log now. */
  wake(): void {
    this.#nap.abort();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#nap.abort();
    await this.#running;
  }

  /**
   * Takes over what others committed until now; returns how many commits that were. The caller holds the mutex.
   *
   * @throws as `SharedJournal.next`; VerificationError `journal_corrupt`, `note_…` if a commit is not the log's
   */
  async catchUp(): Promise<number> {
    const { journal } = this.#options;
    let commits = 0;
    for (let commit = await journal.next(); commit; commit = await journal.next()) {
      await this.#take(commit);
      commits++;
      if (this.#closing.signal.aborted) break;
    }
    return commits;
  }

  /** As {@link catchUp}, where the first commit was read already, when the journal ended at `end`. */
  async #catchUpFrom(first: StoredCommit, end: number): Promise<number> {
    if (this.#options.journal.end !== end) return await this.catchUp();
    await this.#take(first);
    return 1 + (await this.catchUp());
  }

  /**
   * Looks now, unless that was done within the last `maxAgeMs`. For reads that are to see what other nodes committed. If
   * the store is out they see what this node knows, so it never rejects.
   */
  async refresh(maxAgeMs: number): Promise<void> {
    const { journal } = this.#options;
    if (this.#failure !== undefined || journal.confirmedAgoMs <= maxAgeMs) return;
    await this.look();
  }

  async #take(commit: StoredCommit): Promise<void> {
    const { journal, state, identity, onFollowed } = this.#options;
    const { start, count, checkpoint, entryLines, place } = commit;
    const note = Buffer.from(checkpoint);
    const signed = await identity.verify(note);
    // It may have been visited before, if the journal could not take it over then.
    const visited = start + count === state.tree.size;
    if (signed.treeSize !== start + count || (start !== state.tree.size && !visited)) {
      throw new VerificationError(
        "journal_corrupt",
        `${place}: the commit does not fit behind ${state.tree.size}`,
        {
          place,
          start,
          count,
        },
      );
    }
    state.visit(commit);
    await journal.accept(commit);
    await onFollowed({ start, count, head: { ...signed, note }, lines: [entryLines] });
  }

  async #run(): Promise<void> {
    const { journal, clock, idlePauseMs } = this.#options;
    const { signal } = this.#closing;
    let pauseMs = BUSY_PAUSE_MS;
    while (!signal.aborted) {
      this.#nap = new AbortController();
      await clock.sleep(pauseMs, this.#nap.signal);
      if (signal.aborted) return;
      // A commit of our own just now shows that nobody was ahead.
      if (journal.confirmedAgoMs < Math.min(pauseMs, idlePauseMs())) continue;
      const commits = await this.look();
      pauseMs = commits > 0 ? BUSY_PAUSE_MS : Math.min(pauseMs * 2, idlePauseMs());
    }
  }

  /** As {@link catchUp}, taking the mutex. Does not fail: 0 while the store is out. */
  async look(): Promise<number> {
    const { journal, exclusive, onFailure, onRecovered } = this.#options;
    try {
      // Outside of the mutex: while the store is out, commits must not wait for this to time out.
      const { end } = journal;
      const first = await journal.next();
      const commits = first ? await exclusive.run(() => this.#catchUpFrom(first, end)) : 0;
      if (this.#failure !== undefined) onRecovered();
      this.#failure = undefined;
      return commits;
    } catch (error) {
      const code = error instanceof SteleError ? error.code : "unexpected";
      if (this.#failure !== code) onFailure(error);
      this.#failure = code;
      return 0;
    }
  }
}
