import { join } from "node:path";
import type { IdHashSeed } from "../event/id-hash.ts";
import type { Database } from "../search/database.ts";
import { DirectoryPrimary } from "../mirror/directory-primary.ts";
import { LocalSegmentFiles } from "../search/segment-files.ts";
import { openSegments } from "../search/segment-reader.ts";
import type { Segment } from "../search/segment.ts";
import { FileJournal } from "../store/file-journal.ts";
import { directoryObjects } from "../store/directory-objects.ts";
import { FileVault } from "../store/file-vault.ts";
import { DirectoryCopy } from "../verify/background/directory-copy.ts";
import { AcknowledgedMark } from "./acknowledged-mark.ts";
import { readLogIdentity } from "./log-key.ts";
import type { KeySource } from "./signer/key-source.ts";
import type { LogStorage, SegmentShelf } from "./log-storage.ts";
import { LogState } from "./log-state.ts";
import { acknowledgedSize, recoveredHead } from "./recovered-head.ts";

/**
 * Opens a log in a directory of this process alone: `log.json`, `key.pem`, `journal/`, `segments/`, `checkpoint`.
 *
 * @throws VerificationError `journal_corrupt`, `journal_gap`, `journal_truncated`, `log_forked`, `segment_…`
 */
export async function openDirectoryStorage(options: {
  readonly directory: string;
  readonly database: Database;
  readonly idHashSeed: IdHashSeed;
  /** Where its keys are, if not in files beside it. */
  readonly keySources?: readonly KeySource[];
}): Promise<LogStorage> {
  const { directory, database, idHashSeed, keySources } = options;
  const identity = await readLogIdentity(directory, keySources);
  const segmentsDirectory = join(directory, "segments");
  const vault = await FileVault.open(segmentsDirectory);
  const segments = await openSegments(database, segmentsDirectory);
  const state = new LogState(identity.origin, idHashSeed);
  for (const { subtreeHashes } of segments) state.appendSealed(subtreeHashes);
  const mark = await AcknowledgedMark.open(join(directory, "checkpoint"), identity.keys);
  const journal = await FileJournal.open(join(directory, "journal"), {
    acknowledgedSize: acknowledgedSize(identity, mark.head, segments.at(-1)),
    visit: (commit) => state.visit(commit),
  });
  const { cutTail } = journal;
  const head = await recoveredHead(identity, state.tree, state.newest?.checkpoint, mark.head).catch(
    async (error: unknown) => {
      await journal.close();
      throw error;
    },
  );
  return {
    identity,
    journal,
    state,
    head,
    mark,
    segments,
    segmentFiles: new LocalSegmentFiles(segmentsDirectory),
    shelf: new DirectoryShelf(vault),
    claimPeriod: () => Promise.resolve(true),
    anchors: directoryObjects(directory),
    copy: new DirectoryCopy(directory, journal),
    primary: new DirectoryPrimary({
      directory,
      identity,
      segments: () => openSegments(database, segmentsDirectory),
    }),
    ...(cutTail && { cutTail }),
  };
}

/** Nobody else seals here. */
class DirectoryShelf implements SegmentShelf {
  readonly #vault: FileVault;

  constructor(vault: FileVault) {
    this.#vault = vault;
  }

  newSuffix(): undefined {
    return undefined;
  }

  async find(): Promise<undefined> {
    return await Promise.resolve(undefined);
  }

  async claim(): Promise<boolean> {
    return await Promise.resolve(true);
  }

  async publish(segment: Segment, path: string): Promise<Segment> {
    await this.#vault.put(segment.key, path);
    return segment;
  }
}
