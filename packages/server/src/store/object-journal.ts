import { ConflictError, MalformedError, UnavailableError, VerificationError } from "@stele/proof";
import { elapsedMs, moment, type Clock, type Moment } from "../log/clock.ts";
import { fencedError, parseFence } from "./fence.ts";
import { formatCommit, hasCommitId, parseCommit, type Commit } from "./commit.ts";
import type { AppendOptions, Journal, JournalFile, SharedJournal, StoredCommit } from "./journal.ts";
import { ReadAhead } from "./read-ahead.ts";
import type { ObjectStore } from "./object-store.ts";
import { logKeys } from "./store.ts";

export interface ObjectJournalOptions {
  /** The log's objects: they decide what was committed. */
  readonly objects: ObjectStore;
  /** This process's copy of the commits that were verified, which all reading is done from. Ends where recovery ended. */
  readonly copy: Journal;
  readonly clock: Clock;
  /** A commit is deleted only so long after its seal record was seen. */
  readonly trimDelayMs: number;
  /** Where the entries end that a seal record covers, which was found where those from `start` on belong. @throws VerificationError */
  readonly sealEnd: (record: Buffer, start: number) => Promise<number>;
  /** The newest commit of the copy, unless it is sealed. Believed only once the objects were found to have it, too. */
  readonly newest?: Pick<StoredCommit, "id" | "start"> | undefined;
}

/** Whoever knew the end of the log longer ago than this part of the trim delay asks for seal records before it believes anything. */
const STALE_FRACTION = 1 / 4;
/** Nothing was ever confirmed: the next answer of the store is checked against its seal records. */
const NEVER: Moment = { bootMs: -Infinity, monotonicMs: -Infinity };
const LATE = Symbol("late");
const PAUSE_MS = 50;
const PAUSE_MS_MAX = 500;
const RETRY_AFTER_MS = 1_000;

/**
 * A journal of one object a commit, which many processes append to at once (docs/design/0008-many-nodes.md).
 * Create-if-absent at the position where the last commit ended decides who was first.
 */
export class ObjectJournal implements SharedJournal {
  readonly #options: ObjectJournalOptions;
  /** Before this moment began the request whose answer showed that the journal ends at `end`. */
  #confirmed: Moment;
  /** At this moment nothing from `end` on had been trimmed. Not before `#confirmed`. */
  #intact: Moment;
  #sealedSize = 0;
  readonly #ahead: ReadAhead;
  #unproven: ObjectJournalOptions["newest"];
  /** What is sealed up to `before` was known at a moment. */
  readonly #trims: { readonly before: number; readonly known: Moment }[] = [];

  /** `confirmed`: a moment before recovery read the seal records; undefined if it may have read those of a mirror, which may lag. */
  constructor(options: ObjectJournalOptions, confirmed: Moment = NEVER) {
    this.#options = options;
    this.#ahead = new ReadAhead(options.objects);
    this.#unproven = options.newest;
    this.#confirmed = confirmed;
    this.#intact = confirmed;
  }

  get end(): number {
    return this.#options.copy.end;
  }

  get files(): readonly JournalFile[] {
    return this.#options.copy.files;
  }

  get confirmedAgoMs(): number {
    return elapsedMs(this.#options.clock, this.#confirmed);
  }

  sealedUpTo(size: number): void {
    this.#sealedSize = size;
  }

  async append(commit: Commit, { deadlineMs = Infinity }: AppendOptions = {}): Promise<void> {
    const { clock, copy } = this.#options;
    if (commit.start !== this.end) {
      throw new ConflictError(
        "commit_conflict",
        `The journal ends at ${this.end}; a commit can't start at ${commit.start}`,
      );
    }
    const began = moment(clock);
    try {
      await this.#assertCopyHeld();
      await this.#create(commit, deadlineMs);
      await this.#assertNotTrimmed();
    } catch (error) {
      throw error instanceof UnavailableError ? forProducers(error) : error;
    }
    this.#confirm(began);
    await copy.append(commit);
  }

  async next(): Promise<StoredCommit | undefined> {
    const began = moment(this.#options.clock);
    await this.#assertCopyHeld();
    const { end } = this;
    const commit = this.#parse(end, await this.#ahead.take(end));
    this.#ahead.found(commit !== undefined);
    // A commit, too, is only believed then: it may have landed where the true one was trimmed long before.
    await this.#assertNotTrimmed();
    if (!commit) this.#confirm(began);
    return commit;
  }

  /**
   * The commit at `end` as another store has it, which may lag behind: nothing is concluded if it is not there. For
   * reading while the primary is out.
   */
  async nextFrom(objects: ObjectStore): Promise<StoredCommit | undefined> {
    // Nor is it known what was trimmed meanwhile at the primary.
    this.#confirmed = NEVER;
    this.#intact = NEVER;
    return this.#parse(this.end, await objects.get(logKeys.commit(this.end)));
  }

  async accept({ id, origin, start, count, checkpoint, entryLines }: StoredCommit): Promise<void> {
    await this.#options.copy.append({ id, origin, start, count, checkpoint, lines: [entryLines] });
  }

  readCommits(from: number): AsyncGenerator<StoredCommit> {
    return this.#options.copy.readCommits(from);
  }

  async readEntries(from: number, to: number): Promise<Uint8Array[]> {
    return await this.#options.copy.readEntries(from, to);
  }

  /** Trims the copy now, and the store once the trim delay has passed. Call it from time to time. */
  async trim(before: number): Promise<void> {
    const { copy, clock, trimDelayMs } = this.#options;
    await copy.trim(before);
    if (before > (this.#trims.at(-1)?.before ?? 0)) this.#trims.push({ before, known: moment(clock) });
    let due: number | undefined;
    while (this.#trims[0] && clock.monotonicMs() - this.#trims[0].known.monotonicMs > trimDelayMs) {
      due = this.#trims.shift()!.before;
    }
    if (due !== undefined) await this.#trimObjects(due);
  }

  async close(): Promise<void> {
    await this.#options.copy.close();
  }

  /** Resolves once the commit is at its position. An error of the store settles nothing: it is created again. */
  async #create(commit: Commit, deadlineMs: number): Promise<void> {
    const { objects, clock } = this.#options;
    const key = logKeys.commit(commit.start);
    const pieces = formatCommit(commit);
    for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      try {
        if ((await this.#inTime(objects.create(key, pieces), deadlineMs)) === "created") return;
        const winner = this.#parse(commit.start, await objects.get(key));
        if (winner?.id === commit.id) return;
        if (winner) {
          throw new ConflictError(
            "commit_conflict",
            `${objects.place} has another commit at ${commit.start}`,
          );
        }
      } catch (error) {
        if (!(error instanceof UnavailableError) || error.code !== "store_unavailable") throw error;
        if (clock.monotonicMs() + pauseMs >= deadlineMs) throw error;
      }
      if (clock.monotonicMs() + pauseMs >= deadlineMs) {
        throw new UnavailableError("store_unavailable", `${objects.place} does not settle on a commit`);
      }
      await clock.sleep(pauseMs);
    }
  }

  /** What a call resolves to, unless it takes until the deadline: then it may still do its work, as after any error. */
  async #inTime<T>(call: Promise<T>, deadlineMs: number): Promise<T> {
    const { objects, clock } = this.#options;
    if (deadlineMs === Infinity) return await call;
    const done = new AbortController();
    const late = clock.sleep(Math.max(0, deadlineMs - clock.monotonicMs()), done.signal).then(() => LATE);
    try {
      const outcome = await Promise.race([call, late]);
      if (outcome !== LATE) return outcome as T;
    } finally {
      done.abort();
    }
    call.catch(() => undefined); // nobody waits for it any more
    throw new UnavailableError("store_unavailable", `${objects.place} did not answer in time`);
  }

  #parse(start: number, bytes: Buffer | undefined): StoredCommit | undefined {
    const { objects } = this.#options;
    if (!bytes) return undefined;
    const place = `${objects.place}/${logKeys.commit(start)}`;
    try {
      const fence = parseFence(bytes);
      if (fence) throw fencedError(fence, objects.place);
      const commit = parseCommit(bytes, 0);
      if (commit.start !== start || commit.endOffset !== bytes.length) {
        throw new MalformedError("commit_malformed", "it is not exactly the commit that belongs there");
      }
      return { ...commit, place };
    } catch (cause) {
      if (!(cause instanceof MalformedError)) throw cause;
      throw new VerificationError(
        "journal_corrupt",
        `The commit ${place} is damaged: ${cause.message}. Nothing was changed; restore it from a mirror`,
        { place },
        { cause },
      );
    }
  }

  #confirm(began: Moment): void {
    this.#confirmed = began;
    this.#intact = began;
  }

  /**
   * The copy may be of another history: of a store that another one was promoted over, or that was brought back from a
   * backup. Whoever went on from there would commit beside the others.
   */
  async #assertCopyHeld(): Promise<void> {
    const newest = this.#unproven;
    if (!newest) return;
    const { objects } = this.#options;
    const held = await objects.get(logKeys.commit(newest.start));
    if (!held || !hasCommitId(held, newest.id)) {
      throw new UnavailableError(
        "log_stale",
        `${objects.place} does not have the commit at ${newest.start} with which this node's copy ends; it reads the log anew`,
        { retryAfterMs: RETRY_AFTER_MS },
      );
    }
    this.#unproven = undefined;
  }

  /**
   * Whether an answer about the position `end` ("nothing there", "created", a commit) can be believed: not if the
   * position may have been taken, sealed and trimmed since this process last knew.
   */
  async #assertNotTrimmed(): Promise<void> {
    const { objects, clock, trimDelayMs, sealEnd } = this.#options;
    if (elapsedMs(clock, this.#intact) <= trimDelayMs * STALE_FRACTION) return;
    const began = moment(clock);
    for (let at = this.#sealedSize; ;) {
      const record = await objects.get(logKeys.segment(at));
      if (!record) break; // so nothing behind `at` was ever trimmed
      at = await sealEnd(record, at);
      if (at > this.end) {
        throw new UnavailableError(
          "log_stale",
          `${objects.place} went on to ${at} and was sealed while this node stood still at ${this.end}; it reads the log anew`,
          { retryAfterMs: 1_000 },
        );
      }
    }
    this.#intact = began;
  }

  /** Deletes the commits that end at or before `before`. */
  async #trimObjects(before: number): Promise<void> {
    const { objects } = this.#options;
    const keys: string[] = [];
    for await (const { key } of objects.list(logKeys.journal)) {
      if (key > logKeys.commit(before)) break;
      keys.push(key);
    }
    // The last one that starts before `before` may end behind it; one that starts there does not end before it.
    const kept = keys.at(-1) === logKeys.commit(before) ? 2 : 1;
    await objects.delete(keys.slice(0, -kept));
  }
}

/** The message goes to producers, so it does not name places: the cause does, for the operator. */
function forProducers(cause: UnavailableError): UnavailableError {
  if (cause.code !== "store_unavailable" && cause.code !== "store_denied") return cause;
  return new UnavailableError(
    cause.code,
    "The node can't reach its store. Send this again, with the same ids, here or at another node: it may be committed already",
    { cause, retryAfterMs: cause.retryAfterMs ?? RETRY_AFTER_MS },
  );
}
