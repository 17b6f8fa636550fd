import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { SteleError, UnavailableError, VerificationError } from "@stele/proof";
import type { IdHashSeed } from "../event/id-hash.ts";
import type { CachedSegmentFiles } from "../search/cached-segment-files.ts";
import { parseSegmentRecord, type SegmentRecord } from "../search/segment-record.ts";
import { SharedPrimary } from "../mirror/shared-primary.ts";
import { replaceFile } from "../store/durable-file.ts";
import { FileJournal } from "../store/file-journal.ts";
import { claimPeriod } from "../store/claim-period.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { errorCode } from "../store/storage-error.ts";
import { logKeys } from "../store/store.ts";
import type { Vault } from "../store/vault.ts";
import { StoreCopy } from "../verify/background/store-copy.ts";
import { AcknowledgedMark } from "./acknowledged-mark.ts";
import type { Clock } from "./clock.ts";
import type { LogIdentity } from "./log-identity.ts";
import type { LogStorage } from "./log-storage.ts";
import { recoveredHead } from "./recovered-head.ts";
import { SegmentCatalog } from "./segment-catalog.ts";
import { recoverShared } from "./shared-recovery.ts";
import { SharedShelf, type SegmentCopies } from "./shared-shelf.ts";

export interface SharedStorageOptions {
  readonly identity: LogIdentity;
  readonly objects: ObjectStore;
  /** The same where the primary is out: mirrors. */
  readonly fallback?: ObjectStore | undefined;
  readonly vault: Vault;
  /** The same without what stands in for it while it is out. */
  readonly primaryVault: Vault;
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

/**
 * Opens a log in a store that many nodes share. All that it reads it verifies; what it keeps locally only saves reading it again.
 *
 * @throws UnavailableError `store_unavailable`, `store_denied`, `log_stale`; VerificationError
 *   `segment_record_corrupt`, `segment_missing`, `journal_corrupt`, `journal_truncated`, `log_forked`
 */
export async function openSharedStorage(options: SharedStorageOptions): Promise<LogStorage> {
  const { identity, objects, directory, cacheDirectory, clock, vault, retainUntilMs } = options;
  for (const path of [directory, join(cacheDirectory, "records")]) await mkdir(path, { recursive: true });
  const mark = await AcknowledgedMark.open(join(directory, "checkpoint"), identity.keys);
  const copy = join(cacheDirectory, "journal");
  const { journal, state, records } = await recoverShared({
    ...options,
    readRecord: (key) => readRecord(options, key),
    openCopy: (start, visit) => FileJournal.open(copy, { acknowledgedSize: 0, durable: false, start, visit }),
    dropCopy: () => rm(copy, { recursive: true, force: true }),
  });
  // Other nodes may have declared keys while this read what they signed.
  identity.expire();
  const head = await recoveredHead(identity, state.tree, state.newest?.checkpoint, mark.head).catch(
    async (error: unknown) => {
      await journal.close();
      throw error;
    },
  );
  const sealEnd = (note: Buffer, start: number): Promise<number> =>
    identity.trying((keys) => parseSegmentRecord(note, keys, objects.place, start).segment.end);
  const catalog = new SegmentCatalog({ objects, clock, sealEnd });
  const shelf = new SharedShelf({
    identity,
    catalog,
    vault,
    place: objects.place,
    retainUntilMs,
    newSuffix: () => randomBytes(4).toString("hex"),
    claimText: () => `${hostname()} ${process.pid} ${new Date(clock.nowMs()).toISOString()}\n`,
    copies: segmentCopies(options),
  });
  return {
    identity,
    journal,
    shared: journal,
    state,
    head,
    mark,
    segments: records.map(({ segment }) => segment),
    segmentFiles: options.segmentFiles,
    shelf,
    claimPeriod: (work, period) => claimPeriod(objects, work, period),
    anchors: objects,
    copy: new StoreCopy({
      objects,
      vault: options.primaryVault,
      keys: identity.keys,
      tempDirectory: join(cacheDirectory, "verify"),
      nowMs: () => clock.nowMs(),
    }),
    primary: new SharedPrimary(objects, vault, identity.keys),
  };
}

async function parse(note: Buffer, identity: LogIdentity, place: string): Promise<SegmentRecord> {
  return await identity.trying((keys) => parseSegmentRecord(note, keys, place));
}

async function readRecord(options: SharedStorageOptions, key: string): Promise<SegmentRecord> {
  const { identity, cacheDirectory } = options;
  const objects = options.fallback ?? options.objects;
  const path = join(cacheDirectory, "records", key.slice(logKeys.segments.length));
  try {
    return await parse(await readFile(path), identity, path);
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
  const record = await parse(note, identity, `${objects.place}/${key}`);
  await replaceFile(path, note);
  return record;
}

function segmentCopies({ segmentFiles }: SharedStorageOptions): SegmentCopies {
  return {
    prefetch: async (segment) => {
      try {
        await segmentFiles.prefetchColumns(segment);
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error; // then the first search fetches them
      }
    },
    keep: async (path) => {
      const kept = `${path}.kept`;
      await rm(kept, { force: true });
      await link(path, kept);
      return kept;
    },
    adopt: (segment, kept) => segmentFiles.adopt(segment, kept),
    drop: (kept) => rm(kept, { force: true }),
  };
}
