import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { SteleError, UnavailableError, VerificationError } from "@stele/proof";
import type { IdHashSeed } from "../event/id-hash.ts";
import type { CachedSegmentFiles } from "../search/cached-segment-files.ts";
import { formatSegmentRecord, parseSegmentRecord, type SegmentRecord } from "../search/segment-record.ts";
import type { DescribedSegment, Segment } from "../search/segment.ts";
import { replaceFile } from "../store/durable-file.ts";
import { FileJournal } from "../store/file-journal.ts";
import { ObjectJournal } from "../store/object-journal.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { errorCode } from "../store/storage-error.ts";
import { logKeys } from "../store/store.ts";
import type { Vault } from "../store/vault.ts";
import { AcknowledgedMark } from "./acknowledged-mark.ts";
import { moment, type Clock } from "./clock.ts";
import type { LogIdentity } from "./log-key.ts";
import type { LogStorage, SegmentShelf } from "./log-storage.ts";
import { LogState } from "./log-state.ts";
import { logVerifier } from "./native-ed25519.ts";
import { recoveredHead } from "./recovered-head.ts";
import { SegmentCatalog } from "./segment-catalog.ts";

export interface SharedStorageOptions {
  readonly identity: LogIdentity;
  readonly objects: ObjectStore;
  readonly vault: Vault;
  readonly segmentFiles: CachedSegmentFiles;
  /** What must outlive a restart: the mark. */
  readonly directory: string;
  /** What may be deleted while the node is stopped: the copy of the journal, seal records. */
  readonly cacheDirectory: string;
  readonly idHashSeed: IdHashSeed;
  readonly clock: Clock;
  readonly trimDelayMs: number;
  /** Until when segments sealed now are locked (Unix milliseconds), if they are. */
  readonly retainUntilMs: () => number | undefined;
}

const RECORDS_AT_ONCE = 8;

/**
 * Opens a log in a store that many nodes share. All that it reads it verifies; what it keeps locally only saves reading it again.
 *
 * @throws UnavailableError `store_unavailable`, `store_denied`; VerificationError `segment_record_corrupt`,
 *   `segment_missing`, `journal_corrupt`, `journal_truncated`, `log_forked`
 */
export async function openSharedStorage(options: SharedStorageOptions): Promise<LogStorage> {
  const { identity, objects, directory, cacheDirectory, clock, trimDelayMs } = options;
  const began = moment(clock);
  for (const path of [directory, join(cacheDirectory, "records")]) await mkdir(path, { recursive: true });
  const mark = await AcknowledgedMark.open(join(directory, "checkpoint"), identity.vkey);
  const records = await readRecords(options);
  const { state, copy } = await openCopy(options, records);
  const sealEnd = (note: Buffer): number => parse(note, identity, objects.place).segment.end;
  const catalog = new SegmentCatalog({ objects, clock, sealEnd });
  const journal = new ObjectJournal({ objects, copy, clock, trimDelayMs, sealEnd }, began);
  journal.sealedUpTo(records.at(-1)?.segment.end ?? 0);
  for (let commit = await journal.next(); commit; commit = await journal.next()) {
    state.visit(commit);
    await journal.accept(commit);
  }
  await journal.trim(records.at(-1)?.segment.end ?? 0);
  return {
    identity,
    journal,
    shared: journal,
    state,
    head: recoveredHead(identity, state.tree, state.newest?.checkpoint, mark.head),
    mark,
    segments: records.map(({ segment }) => segment),
    segmentFiles: options.segmentFiles,
    shelf: new SharedShelf(options, catalog),
  };
}

function parse(note: Buffer, { vkey }: LogIdentity, place: string): SegmentRecord {
  return parseSegmentRecord(note, logVerifier(vkey), place);
}

/** The chain of seal records, from this node's copies as far as it has them. */
async function readRecords(options: SharedStorageOptions): Promise<SegmentRecord[]> {
  const { objects } = options;
  const keys: string[] = [];
  for await (const { key } of objects.list(logKeys.segments)) keys.push(key);
  const records: SegmentRecord[] = [];
  for (let at = 0; at < keys.length; at += RECORDS_AT_ONCE) {
    const some = keys.slice(at, at + RECORDS_AT_ONCE).map((key) => readRecord(options, key));
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

async function readRecord(
  { objects, identity, cacheDirectory }: SharedStorageOptions,
  key: string,
): Promise<SegmentRecord> {
  const path = join(cacheDirectory, "records", key.slice(logKeys.segments.length));
  try {
    return parse(await readFile(path), identity, path);
  } catch (error) {
    // A copy that is damaged is fetched anew.
    if (errorCode(error) !== "ENOENT" && !(error instanceof SteleError)) throw error;
  }
  const note = await objects.get(key);
  if (!note) {
    throw new VerificationError(
      "segment_missing",
      `${objects.place}/${key} was listed, but is not there`,
      {},
    );
  }
  const record = parse(note, identity, `${objects.place}/${key}`);
  await replaceFile(path, note);
  return record;
}

/** The state as seal records and this node's copy of the journal make it. A copy that does not fit is thrown away: the store has it all. */
async function openCopy(
  { identity, cacheDirectory, idHashSeed }: SharedStorageOptions,
  records: readonly SegmentRecord[],
): Promise<{ state: LogState; copy: FileJournal }> {
  const directory = join(cacheDirectory, "journal");
  const sealedSize = records.at(-1)?.segment.end ?? 0;
  const resume = records.at(-1)?.resume ?? 0;
  for (let attempt = 0; ; attempt++) {
    const state = new LogState(identity.origin, idHashSeed);
    for (const { segment } of records) state.appendSealed(segment.subtreeHashes);
    try {
      const copy = await FileJournal.open(directory, {
        acknowledgedSize: 0,
        durable: false,
        start: resume,
        visit: (commit) => state.visit(commit),
      });
      if (copy.end >= sealedSize || copy.end === resume) return { state, copy };
      await copy.close();
    } catch (error) {
      if (!(error instanceof VerificationError) || attempt > 0) throw error;
    }
    await rm(directory, { recursive: true, force: true });
  }
}

/** Segments under lock, agreed on by seal records. */
class SharedShelf implements SegmentShelf {
  readonly #options: SharedStorageOptions;
  readonly #catalog: SegmentCatalog;

  constructor(options: SharedStorageOptions, catalog: SegmentCatalog) {
    this.#options = options;
    this.#catalog = catalog;
  }

  newSuffix(): string {
    return randomBytes(4).toString("hex");
  }

  async find(start: number): Promise<Segment | undefined> {
    const record = await this.#catalog.read(start);
    if (!record) return undefined;
    const { identity, objects, segmentFiles } = this.#options;
    const { segment } = parse(record.note, identity, objects.place);
    try {
      // So that the first search that needs them does not wait.
      await segmentFiles.prefetchColumns(segment);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error; // then the first search fetches them
    }
    return segment;
  }

  async claim(start: number): Promise<boolean> {
    return await this.#catalog.claim(start, `${hostname()} ${process.pid} ${new Date().toISOString()}\n`);
  }

  async publish(built: DescribedSegment, path: string, resume: number): Promise<Segment> {
    const { identity, vault, segmentFiles } = this.#options;
    const retainUntilMs = this.#options.retainUntilMs();
    const retention = retainUntilMs === undefined ? {} : { retainUntilMs };
    const kept = `${path}.kept`;
    await rm(kept, { force: true });
    await link(path, kept);
    try {
      const { version } = await vault.put(built.key, path, retention);
      const segment = { ...built, ...(version !== undefined && { version }) };
      const note = await formatSegmentRecord({ segment, resume, ...retention }, identity.signer);
      const { start, end } = segment;
      if ((await this.#catalog.record({ start, end, note: Buffer.from(note) })) === "lost") {
        return (await this.find(start))!;
      }
      await segmentFiles.adopt(segment, kept);
      await this.#catalog.dropClaims(start);
      return segment;
    } finally {
      await rm(kept, { force: true });
    }
  }
}
