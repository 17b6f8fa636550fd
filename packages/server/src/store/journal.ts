import type { Commit } from "./commit.ts";

/** Where stored commits lie, for readers that know the format (DuckDB reads journal files natively). */
export interface JournalFile {
  readonly path: string;
  /** The leaf index of its first entry. */
  readonly start: number;
  /** Only so many bytes are whole commits. Required of a file that is still being appended to. */
  readonly lengthBytes?: number;
}

/** A commit as recovery and verification see it. */
export interface StoredCommit {
  /** 32 hex digits. */
  readonly id: string;
  readonly origin: string;
  readonly start: number;
  readonly count: number;
  readonly checkpoint: string;
  /** All entry lines, each ended by LF; valid until the next commit is asked for. */
  readonly entryLines: Uint8Array;
  /** Names the place for a person: file and byte. */
  readonly place: string;
}

export interface AppendOptions {
  /** On the monotonic clock: when a driver that can't tell whether the commit landed gives up asking. */
  readonly deadlineMs?: number;
}

/**
 * The recent commits of one log. Everything that comes out of it is untrusted until it was hashed and compared
 * with a signed checkpoint; drivers check the frame only. One contract suite runs against every driver.
 */
export interface Journal {
  /** One past the last entry that this process knows of; where the next commit goes. */
  readonly end: number;

  /** Local files that hold the commits which are not trimmed, oldest first. The last one grows. */
  readonly files: readonly JournalFile[];

  /**
   * Creates the commit at the position where the last one ended. Durable when it resolves; calls must not overlap.
   *
   * @throws ConflictError `commit_conflict` if there is another commit at `start`
   * @throws UnavailableError `storage_full`, `storage_failed`: nothing was committed, the journal is as before;
   *   `store_unavailable`: it may have been committed, the next append finds out; `log_stale`, `log_fenced`
   * @throws InvariantError `journal_poisoned`: the store failed in a way that leaves the journal unknown; reopen it
   */
  append(commit: Commit, options?: AppendOptions): Promise<void>;

  /**
   * The commits in order, beginning with the one that holds entry `from` (or the oldest kept). Ends at the present end.
   *
   * @throws VerificationError `journal_corrupt` with the place
   */
  readCommits(from: number): AsyncGenerator<StoredCommit>;

  /**
   * The exact bytes of entries `[from, to)`. Safe while appends run.
   *
   * @throws MalformedError `index_out_of_range` if the journal does not hold all of them (any more)
   */
  readEntries(from: number, to: number): Promise<Uint8Array[]>;

  /** Forgets commits that lie wholly before `before`, as far as it suits the driver. Safe twice. */
  trim(before: number): Promise<void>;

  /** Ends writing and releases what is held. */
  close(): Promise<void>;
}

/** A journal that other processes append to as well. */
export interface SharedJournal extends Journal {
  /**
   * The commit at `end`, if another process has created it by now. It is not believed, and not part of the journal
   * before {@link accept}.
   *
   * @throws UnavailableError `store_unavailable`; `log_stale` if commits behind `end` were trimmed already: open the log
   *   anew; `log_fenced`
   * @throws VerificationError `journal_corrupt`
   */
  next(): Promise<StoredCommit | undefined>;

  /** Takes over what {@link next} gave, once it was verified. */
  accept(commit: StoredCommit): Promise<void>;

  /** How long ago this process last knew for sure that the journal ended at `end` (milliseconds). */
  readonly confirmedAgoMs: number;

  /** Told when seal records up to here are known, so that a trimmed position can be told from a free one. */
  sealedUpTo(size: number): void;
}
