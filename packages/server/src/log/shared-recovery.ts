import { UnavailableError, VerificationError } from "@stele/proof";
import type { IdHashSeed } from "../event/id-hash.ts";
import { parseSegmentRecord, type SegmentRecord } from "../search/segment-record.ts";
import type { Journal, StoredCommit } from "../store/journal.ts";
import { ObjectJournal } from "../store/object-journal.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { logKeys } from "../store/store.ts";
import { moment, type Clock } from "./clock.ts";
import type { LogIdentity } from "./log-identity.ts";
import { LogState } from "./log-state.ts";

export interface SharedRecoveryOptions {
  readonly identity: Pick<LogIdentity, "origin" | "trying">;
  readonly objects: ObjectStore;
  /** What is read from while `objects` is out: mirrors, if there are any. */
  readonly fallback?: ObjectStore | undefined;
  readonly clock: Clock;
  readonly trimDelayMs: number;
  readonly idHashSeed: IdHashSeed;
  /** Reads the seal record under a key, and verifies it. */
  readonly readRecord: (key: string) => Promise<SegmentRecord>;
  /** Opens this node's copy of the journal, which begins at `start` if there is none; hands each commit to `visit`. */
  readonly openCopy: (start: number, visit: (commit: StoredCommit) => void) => Promise<Journal>;
  /** Throws the copy away. */
  readonly dropCopy: () => Promise<void>;
}

/** A log as the store shows it. */
export interface SharedRecovery {
  readonly journal: ObjectJournal;
  readonly state: LogState;
  readonly records: readonly SegmentRecord[];
}

const RECORDS_AT_ONCE = 8;

/**
 * Recovers a log that many nodes share: from its seal records, this node's copy of the journal, and the journal itself
 * up to its end. Files are the caller's.
 *
 * @throws UnavailableError `store_unavailable`, `store_denied`, `log_stale`: try again; VerificationError
 *   `segment_record_corrupt`, `segment_missing`, `journal_corrupt`
 */
export async function recoverShared(options: SharedRecoveryOptions): Promise<SharedRecovery> {
  try {
    return await recover(options);
  } catch (error) {
    if (!(error instanceof UnavailableError) || error.code !== "log_stale") throw error;
    // The copy ends in another history, or what a mirror has is old. The store has it all.
    await options.dropCopy();
    return await recover(options);
  }
}

async function recover(options: SharedRecoveryOptions): Promise<SharedRecovery> {
  const { identity, objects, clock, trimDelayMs, fallback } = options;
  const began = moment(clock);
  const records = await readRecords(options);
  const { state, copy } = await openFittingCopy(options, records);
  const sealEnd = (note: Buffer, start: number): Promise<number> =>
    identity.trying((keys) => parseSegmentRecord(note, keys, objects.place, start).segment.end);
  const sealedSize = records.at(-1)?.segment.end ?? 0;
  const newest = copy.end > sealedSize ? state.newest : undefined;
  const shared = { objects, copy, clock, trimDelayMs, sealEnd, newest };
  const journal = new ObjectJournal(shared, fallback ? undefined : began);
  journal.sealedUpTo(sealedSize);
  try {
    await follow(journal, state, fallback);
    await journal.trim(sealedSize);
  } catch (error) {
    await copy.close();
    throw error;
  }
  return { journal, state, records };
}

async function follow(journal: ObjectJournal, state: LogState, fallback?: ObjectStore): Promise<void> {
  try {
    await takeAll(() => journal.next());
  } catch (error) {
    const code = error instanceof UnavailableError ? error.code : undefined;
    // What was committed before the fence can be read; whoever writes is told.
    if (code === "log_fenced") return;
    if (code !== "store_unavailable" || !fallback) throw error;
    await takeAll(() => journal.nextFrom(fallback).catch(endOfMirror));
  }

  async function takeAll(next: () => Promise<StoredCommit | undefined>): Promise<void> {
    for (let commit = await next(); commit; commit = await next()) {
      state.visit(commit);
      await journal.accept(commit);
    }
  }
}

/** A mirror that has no further commit says no more than that. */
function endOfMirror(error: unknown): undefined {
  if (!(error instanceof UnavailableError) || error.code !== "store_unavailable") throw error;
  return undefined;
}

/** The chain of seal records. */
async function readRecords(options: SharedRecoveryOptions): Promise<SegmentRecord[]> {
  const { objects, readRecord } = options;
  const keys: string[] = [];
  for await (const { key } of (options.fallback ?? objects).list(logKeys.segments)) keys.push(key);
  const records: SegmentRecord[] = [];
  for (let at = 0; at < keys.length; at += RECORDS_AT_ONCE) {
    const some = keys.slice(at, at + RECORDS_AT_ONCE).map((key) => readRecord(key));
    for (const record of await Promise.all(some)) {
      const end = records.at(-1)?.segment.end ?? 0;
      if (record.segment.start !== end) {
        throw new VerificationError(
          "segment_missing",
          `The seal records in ${objects.place} go up to entry ${end}, but one of ${record.segment.start} is next. Restore what is missing from a mirror`,
          { end, next: record.segment.start },
        );
      }
      records.push(record);
    }
  }
  return records;
}

/** The state as seal records and this node's copy of the journal make it. A copy that does not fit is thrown away: the store has it all. */
async function openFittingCopy(
  { identity, idHashSeed, openCopy, dropCopy }: SharedRecoveryOptions,
  records: readonly SegmentRecord[],
): Promise<{ state: LogState; copy: Journal }> {
  const sealedSize = records.at(-1)?.segment.end ?? 0;
  const resume = records.at(-1)?.resume ?? 0;
  for (let attempt = 0; ; attempt++) {
    const state = new LogState(identity.origin, idHashSeed);
    for (const { segment } of records) state.appendSealed(segment.subtreeHashes);
    try {
      const copy = await openCopy(resume, (commit) => state.visit(commit));
      if (copy.end >= sealedSize || copy.end === resume) return { state, copy };
      await copy.close();
    } catch (error) {
      if (!(error instanceof VerificationError) || attempt > 0) throw error;
    }
    await dropCopy();
  }
}
