import { realpath, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import {
  HASH_LENGTH_BYTES,
  MalformedError,
  quorumReached,
  VerificationError,
  verifyCheckpoint,
  type CheckpointPolicy,
  type LogKeys,
  type VerifiedCheckpoint,
} from "@stele/proof";
import { auditAnchors } from "../anchor/anchor-audit.ts";
import { logDirectory, logNames } from "../log/data-directory.ts";
import { directoryStatements, readStatements } from "../log/key-statements.ts";
import { readLogFile } from "../log/log-key.ts";
import { hashLines } from "../log/native-hasher.ts";
import { readCheckpointFile } from "../log/acknowledged-mark.ts";
import { PUBLISHED_FILE } from "../publish/published-file.ts";
import { listSegments } from "../search/segment-reader.ts";
import { corruptSegment, type Segment } from "../search/segment.ts";
import { listJournalFiles, readJournalFile } from "../store/file-journal.ts";
import { directoryObjects } from "../store/directory-objects.ts";
import { errorCode } from "../store/storage-error.ts";
import { chooseKeys, recall, remember, seenWith } from "./remembered.ts";
import { checkPlace, rememberPlace } from "./remembered-places.ts";
import { nothingChecked, type Checked, type VerificationReport, type VerifyOptions } from "./report.ts";
import { auditSegmentColumns, hashSegments } from "./segment-workers.ts";
import { appendSegment, compareSegment, neededLeaves } from "./segment-comparison.ts";
import { cosigningRules, trustedKeys, witnessedBy } from "./trusted-policy.ts";
import { sourcesOfDirectory } from "./source-audit.ts";
import { TimeAudit } from "./time-audit.ts";
import { TreeAudit, type Claim } from "./tree-audit.ts";

/** A node that is running may seal and trim meanwhile: then what was listed is gone, and it begins anew. */
const ATTEMPTS = 3;

/**
 * Verifies one log from the bytes in its directory (docs/spec/journal.md), reading only: hashes every entry,
 * rebuilds the tree, and compares it with the segments' hashes, with each commit's and the newest checkpoint, and
 * with the checkpoint that the last verification saw. A node may be running on it.
 *
 * @throws VerificationError with the place of the first difference; MalformedError
 */
export async function verifyLogDirectory(
  directory: string,
  options: VerifyOptions,
): Promise<VerificationReport> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await new DirectoryVerification(directory, options).run();
    } catch (error) {
      const moved = errorCode(error) === "ENOENT" || (error instanceof ListingMoved && error.moved);
      if (!moved || attempt === ATTEMPTS) throw error;
    }
  }
}

/** The journal begins behind the end of the segments: entries are missing, or were sealed since we looked. */
class ListingMoved extends VerificationError {
  readonly moved = true;
}

class DirectoryVerification {
  readonly #directory: string;
  readonly #options: VerifyOptions;
  readonly #checked: Checked = nothingChecked();
  readonly #times = new TimeAudit();
  #done = 0;
  #total = 0;

  constructor(directory: string, options: VerifyOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  get #segmentDirectory(): string {
    return join(this.#directory, "segments");
  }

  #pathOf({ key }: Segment): string {
    return join(this.#segmentDirectory, key);
  }

  async run(): Promise<VerificationReport> {
    const started = performance.now();
    const { stateDirectory, policy } = this.#options;
    const shown = await readLogFile(this.#directory);
    const remembered = await recall(stateDirectory, shown.origin);
    const statements = await readStatements(directoryStatements(this.#directory));
    const chosen = chooseKeys({ ...shown, statements }, trustedKeys(this.#options, shown.origin), remembered);
    const { keys, vkey, keyFrom } = chosen;
    const path = await realpath(this.#directory);
    await checkPlace(stateDirectory, path, chosen);

    const claims: Claim[] = [];
    const last =
      remembered && this.#claim(claims, keys, remembered.checkpoint, "The checkpoint last verified");
    const markPath = join(this.#directory, "checkpoint");
    const mark = await readCheckpointFile(markPath);
    if (mark) this.#claim(claims, keys, mark, markPath);
    const published = await this.#published(keys);
    if (published) claims.push({ ...published, place: join(this.#directory, PUBLISHED_FILE) });
    // Before what they are compared with: a node that is running adds to both.
    const anchors = await auditAnchors(
      directoryObjects(this.#directory),
      this.#options.trustedTsas,
      (note, place) => this.#claim(claims, keys, note, place),
    );
    const segments = await listSegments(this.#segmentDirectory);
    for (const segment of segments) {
      const place = this.#pathOf(segment);
      if (segment.origin !== shown.origin)
        throw corruptSegment(place, `it says that it is of ${segment.origin}`);
      this.#claim(claims, keys, segment.checkpoint, place);
    }
    const journal = await listJournalFiles(join(this.#directory, "journal"));
    const sealedSize = segments.at(-1)?.end ?? 0;
    const journalStart = journal[0]?.start ?? sealedSize;
    if (journalStart > sealedSize) {
      throw new ListingMoved(
        "entries_missing",
        `${this.#directory}: the segments end at ${sealedSize} and the journal starts at ${journalStart}; what is between is missing`,
        { sealedSize, journalStart },
      );
    }
    await this.#measure([...segments.map((segment) => ({ path: this.#pathOf(segment) })), ...journal]);

    const sealed = new TreeAudit();
    const forked = sealed.fork(journalStart, "The journal");
    for (const claim of claims) if (claim.treeSize <= sealedSize) sealed.claim(claim);
    await this.#verifySegments(segments, sealed);
    sealed.finish();
    const audit = forked.audit!;
    if (sealedSize > 0) audit.claim({ treeSize: sealedSize, root: sealed.root(), place: "The segments" });
    for (const claim of claims) if (claim.treeSize > sealedSize) audit.claim(claim);
    const newest = await this.#verifyJournal(journal, audit, keys, shown.origin, sealedSize);
    audit.finish();
    const hashedSeconds = (performance.now() - started) / 1000;
    const columns = this.#options.columns === false ? undefined : await this.#compareColumns(segments);

    const sources = await sourcesOfDirectory(this.#segmentDirectory, segments, journal);

    const checkpoint = newest ?? (mark && Buffer.from(mark).toString());
    if (checkpoint !== undefined) await remember(stateDirectory, shown.origin, seenWith(chosen, checkpoint));
    await rememberPlace(stateDirectory, path, chosen);
    const witnessed = witnessedBy(policy, published);
    const times = this.#times.implausible(Date.now());
    return {
      target: "directory",
      place: this.#directory,
      origin: shown.origin,
      vkey,
      keyFrom,
      treeSize: audit.size,
      root: Buffer.from(audit.root()).toString("base64"),
      checked: this.#checked,
      extendsSize: last?.treeSize,
      ...(anchors.anchors > 0 && { anchors }),
      seconds: hashedSeconds,
      ...(columns && { columns }),
      ...(witnessed && { witnessed }),
      ...(times && { times }),
      sources,
    };
  }

  /** What the node published last: with a policy it must be there, and satisfy it. */
  async #published(keys: LogKeys): Promise<VerifiedCheckpoint | undefined> {
    const { policy } = this.#options;
    const path = join(this.#directory, PUBLISHED_FILE);
    const note = await readCheckpointFile(path);
    if (note) return this.#verifyNote(keys, note, path, cosigningRules(policy));
    if (!policy || quorumReached(policy, () => false)) return undefined;
    throw new VerificationError(
      "published_missing",
      `${path} is missing: the node has published no checkpoint that witnesses cosigned`,
      { path },
    );
  }

  /** Verifies the signature of a checkpoint, and notes its head to be compared with the tree. */
  #claim(claims: Claim[], keys: LogKeys, note: string | Uint8Array, place: string): Claim {
    const { treeSize, root } = this.#verifyNote(keys, note, place);
    const claim = { treeSize, root, place };
    claims.push(claim);
    return claim;
  }

  #verifyNote(keys: LogKeys, note: string | Uint8Array, place: string, rules: CheckpointPolicy = {}) {
    this.#checked.checkpoints++;
    try {
      return verifyCheckpoint(typeof note === "string" ? Buffer.from(note) : note, keys, rules);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      const evidence = { place, note: note.toString() };
      if (cause instanceof VerificationError && cause.code === "cosignatures_too_few") {
        throw new VerificationError(cause.code, `${place}: ${message}`, evidence, { cause });
      }
      throw new VerificationError(
        "checkpoint_not_authentic",
        `${place}: its checkpoint is not one that the log signed (${message})`,
        evidence,
        { cause },
      );
    }
  }

  async #verifySegments(segments: readonly Segment[], audit: TreeAudit): Promise<void> {
    const questions = segments.map((segment) => ({
      directory: this.#segmentDirectory,
      segment,
      leavesOf: neededLeaves(audit, segment),
    }));
    let n = 0;
    for await (const hashes of hashSegments(questions, availableParallelism())) {
      const segment = segments[n++]!;
      const path = this.#pathOf(segment);
      compareSegment(path, segment, hashes);
      appendSegment(audit, segment, hashes);
      this.#times.part(hashes.times);
      this.#checked.segments++;
      this.#count(hashes.entries, hashes.bytes, (await stat(path)).size);
    }
  }

  /** What searches go by must be what the entries say. */
  async #compareColumns(segments: readonly Segment[]): Promise<{ rows: number; seconds: number }> {
    const started = performance.now();
    const directory = this.#segmentDirectory;
    const questions = segments.map((segment) => ({ directory, segment, leavesOf: [] }));
    let rows = 0;
    let n = 0;
    for await (const _ of auditSegmentColumns(questions, availableParallelism())) {
      const { start, end } = segments[n++]!;
      rows += end - start;
      this.#options.onProgress?.({ done: n, total: segments.length });
    }
    return { rows, seconds: (performance.now() - started) / 1000 };
  }

  /** Returns the newest checkpoint. */
  async #verifyJournal(
    files: readonly { path: string; start: number }[],
    audit: TreeAudit,
    keys: LogKeys,
    origin: string,
    sealedSize: number,
  ): Promise<string | undefined> {
    let newest: string | undefined;
    for (const file of files) {
      if (file.start !== audit.size) throw gap(file.path, file.start, audit.size);
      for await (const commit of readJournalFile(file, file === files.at(-1))) {
        const { start, count, checkpoint, entryLines, place } = commit;
        if (start !== audit.size) throw gap(place, start, audit.size);
        if (commit.origin !== origin) {
          throw new VerificationError(
            "commit_inconsistent",
            `${place}: the commit is of the log ${JSON.stringify(commit.origin)}, not of ${origin}`,
            { place },
          );
        }
        const hashes = hashLines(entryLines);
        const { treeSize, root } = this.#verifyNote(keys, checkpoint, place);
        if (treeSize !== start + count || hashes.length !== count * HASH_LENGTH_BYTES) {
          throw new VerificationError(
            "commit_inconsistent",
            `${place}: the commit of ${count} entries from ${start} on holds ${hashes.length / HASH_LENGTH_BYTES}, and its checkpoint is of size ${treeSize}`,
            { place },
          );
        }
        audit.claim({ treeSize, root, place: `${place}, entries ${start} to ${treeSize - 1}` });
        audit.appendLeaves(hashes);
        this.#times.lines(entryLines, start, sealedSize);
        newest = checkpoint;
        this.#checked.commits++;
        this.#count(count, entryLines.length - count, entryLines.length);
      }
    }
    return newest;
  }

  async #measure(files: readonly { path: string }[]): Promise<void> {
    for (const { path } of files) this.#total += (await stat(path)).size;
  }

  #count(entries: number, bytes: number, stored: number): void {
    this.#checked.entries += entries;
    this.#checked.bytes += bytes;
    this.#done += stored;
    this.#options.onProgress?.({ done: Math.min(this.#done, this.#total), total: this.#total });
  }
}

function gap(place: string, start: number, size: number): VerificationError {
  return new VerificationError(
    "journal_gap",
    `${place}: starts with entry ${start}, where entry ${size} should be`,
    {
      place,
    },
  );
}

/** The directories of logs that a path means: one log's, or all of a data directory. @throws MalformedError `not_a_log` */
export async function logDirectoriesOf(path: string): Promise<string[]> {
  if (await isFile(join(path, "log.json"))) return [path];
  try {
    return (await logNames(path)).map((name) => logDirectory(path, name));
  } catch (cause) {
    throw new MalformedError("not_a_log", `${path} is neither a data directory nor the directory of a log`, {
      cause,
    });
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return false;
    throw error;
  }
}
