import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import {
  MalformedError,
  quorumReached,
  VerificationError,
  verifyCheckpoint,
  type CheckpointPolicy,
  type LogKeys,
  type VerifiedCheckpoint,
} from "@stele/proof";
import { auditAnchors, type AnchorFindings } from "../anchor/anchor-audit.ts";
import { objectStatements, readStatements } from "../log/key-statements.ts";
import { parseLogFile } from "../log/log-key.ts";
import { fetchSegment } from "../mirror/copy-segment.ts";
import type { SealedRecord } from "../mirror/primary-log.ts";
import { SharedPrimary } from "../mirror/shared-primary.ts";
import { parseFence, type Fence } from "../store/fence.ts";
import { logKeys, type Store } from "../store/store.ts";
import { auditCommit, parseCommitObject } from "./commit-audit.ts";
import { chooseKeys, recall, remember, seenWith } from "./remembered.ts";
import { cosigningRules, trustedKeys, witnessedBy } from "./trusted-policy.ts";
import { checkPlace, rememberPlace } from "./remembered-places.ts";
import { nothingChecked, type VerificationReport, type VerifyOptions, type Witnessed } from "./report.ts";
import { appendSegment, compareSegment, neededLeaves } from "./segment-comparison.ts";
import type { SegmentQuestion } from "./segment-audit.ts";
import { auditLock } from "./lock-audit.ts";
import { auditSegmentColumns, hashSegments } from "./segment-workers.ts";
import { TimeAudit } from "./time-audit.ts";
import { TreeAudit, type Claim } from "./tree-audit.ts";

/** A signed checkpoint that is known of a log, and from where. */
export interface KnownCheckpoint {
  /** For a person. */
  readonly place: string;
  /** The signed note. */
  readonly note: Uint8Array;
}

export interface VerifyStoreOptions extends VerifyOptions {
  /** What else the log is known to have signed: as far as the store has the entries, they must agree. */
  readonly known?: readonly KnownCheckpoint[];
  /** For segments while they are hashed. */
  readonly tempDirectory: string;
}

/** A store's log that hashes to what was signed; but it may lack the newest entries. */
export interface VerifiedStoreLog extends VerificationReport {
  readonly keys: LogKeys;
  readonly sealedSize: number;
  /** The newest signed note in the store; undefined of a log without entries. */
  readonly checkpoint: string | undefined;
  /** What is known of the log beyond what the store has, the largest first: those entries are missing. */
  readonly beyond: readonly Claim[];
  /** Commits behind the end of the journal that nothing leads to: what is between is missing. */
  readonly strays: readonly string[];
  /** What ends the journal, if it was fenced. */
  readonly fence: Fence | undefined;
}

/**
 * Verifies one log in a store, reading all of it: the signatures of seal records, segments by their hash and entry by
 * entry, each commit against its signed checkpoint, and what is known of the log from elsewhere. It remembers the newest
 * checkpoint, unless something is missing.
 *
 * @throws VerificationError with the first difference; MalformedError `log_unknown`; UnavailableError
 */
export async function verifyStoreLog(
  store: Pick<Store, "place" | "objects" | "vault">,
  log: string,
  options: VerifyStoreOptions,
): Promise<VerifiedStoreLog> {
  const objects = store.objects(log);
  const place = `${objects.place}/${logKeys.identity}`;
  const identity = await objects.get(logKeys.identity);
  if (!identity)
    throw new MalformedError("log_unknown", `${store.place} has no log ${log}: there is no ${place}`);
  const shown = parseLogFile(identity.toString(), place);
  const remembered = await recall(options.stateDirectory, shown.origin);
  const statements = await readStatements(objectStatements(objects));
  const chosen = chooseKeys({ ...shown, statements }, trustedKeys(options, shown.origin), remembered);
  const { keys, vkey, keyFrom } = chosen;
  await checkPlace(options.stateDirectory, objects.place, chosen);
  const primary = new SharedPrimary(objects, store.vault(log), keys);
  const audit = new StoreAudit(primary, keys, options);
  const last = remembered && {
    place: "The checkpoint last verified",
    note: Buffer.from(remembered.checkpoint),
  };
  const started = performance.now();
  const found = await audit.run([...(last ? [last] : []), ...(options.known ?? [])]);
  if (found.checkpoint !== undefined && found.beyond.length === 0) {
    await remember(options.stateDirectory, shown.origin, seenWith(chosen, found.checkpoint));
    await rememberPlace(options.stateDirectory, objects.place, chosen);
  }
  return {
    target: "store",
    place: objects.place,
    origin: shown.origin,
    vkey,
    keyFrom,
    keys,
    ...found,
    extendsSize: last && verifyCheckpoint(last.note, keys).treeSize,
    seconds: (performance.now() - started) / 1000 - found.columns.seconds,
  };
}

type Found = Pick<
  VerifiedStoreLog,
  | "treeSize"
  | "root"
  | "anchors"
  | "witnessed"
  | "checked"
  | "sealedSize"
  | "checkpoint"
  | "beyond"
  | "strays"
  | "fence"
> & { readonly columns: { rows: number; seconds: number } };

class StoreAudit {
  readonly #primary: SharedPrimary;
  readonly #keys: LogKeys;
  readonly #options: VerifyStoreOptions;
  readonly #checked = nothingChecked();
  readonly #times = new TimeAudit();
  readonly #columns = { rows: 0, seconds: 0 };
  #claims: Claim[] = [];
  /** The newest anchor that satisfies the policy. */
  #witnessed: Witnessed | undefined;

  constructor(primary: SharedPrimary, keys: LogKeys, options: VerifyStoreOptions) {
    this.#primary = primary;
    this.#keys = keys;
    this.#options = options;
  }

  async run(known: readonly KnownCheckpoint[]): Promise<Found> {
    for (const { place, note } of known) this.#claim(place, note);
    const anchors = await this.#auditAnchors();
    const records = await this.#readRecords();
    const newest = records.at(-1);
    const sealedSize = newest?.segment.end ?? 0;
    const sealed = new TreeAudit();
    const forked = sealed.fork(newest?.resume ?? 0, "The journal");
    for (const claim of this.#claims) if (claim.treeSize <= sealedSize) sealed.claim(claim);
    await this.#auditSegments(records, sealed);
    sealed.finish();
    const audit = forked.audit!;
    if (sealedSize > 0) audit.claim({ treeSize: sealedSize, root: sealed.root(), place: "The segments" });
    this.#claims = this.#claims.filter(({ treeSize }) => treeSize > sealedSize);
    const { checkpoint, fence } = await this.#auditJournal(audit, sealedSize);
    audit.finish();
    const strays = await this.#findStrays(audit.size);
    const times = this.#times.implausible(Date.now());
    return {
      treeSize: audit.size,
      root: Buffer.from(audit.root()).toString("base64"),
      checked: this.#checked,
      columns: this.#columns,
      ...(times && { times }),
      ...(anchors.anchors > 0 && { anchors }),
      ...(this.#witnessed && { witnessed: this.#witnessed }),
      sealedSize,
      checkpoint: checkpoint ?? this.#checkpointOf(records, audit.size),
      beyond: this.#claims.toSorted((a, b) => b.treeSize - a.treeSize),
      strays,
      fence,
    };
  }

  /** Of what was published, a store has the anchors: with a policy, one of them at least must satisfy it. */
  async #auditAnchors(): Promise<AnchorFindings> {
    const { trustedTsas, policy } = this.#options;
    const { objects } = this.#primary;
    const rules = cosigningRules(policy);
    const findings = await auditAnchors(objects, trustedTsas, (note, place) => {
      const claim = this.#claim(place, note);
      const witnessed = policy && witnessedBy(policy, this.#cosigned(note, rules));
      if (witnessed && witnessed.treeSize > (this.#witnessed?.treeSize ?? -1)) this.#witnessed = witnessed;
      return claim;
    });
    if (policy && !this.#witnessed && !quorumReached(policy, () => false)) {
      throw new VerificationError(
        "published_missing",
        `${objects.place}/anchors has no checkpoint that satisfies the policy: anchor published checkpoints, or verify a node's URL with it`,
        { place: objects.place },
      );
    }
    return findings;
  }

  /** An anchor, if it satisfies the policy: one from before there were witnesses does not. */
  #cosigned(note: Uint8Array, rules: CheckpointPolicy): VerifiedCheckpoint | undefined {
    try {
      return verifyCheckpoint(note, this.#keys, rules);
    } catch (error) {
      if (error instanceof VerificationError && error.code === "cosignatures_too_few") return undefined;
      throw error;
    }
  }

  /** Verifies a checkpoint, and notes what it says of the tree. */
  #claim(place: string, note: Uint8Array): Claim {
    this.#checked.checkpoints++;
    try {
      const { treeSize, root } = verifyCheckpoint(note, this.#keys);
      const claim = { treeSize, root, place };
      this.#claims.push(claim);
      return claim;
    } catch (cause) {
      throw new VerificationError(
        "checkpoint_not_authentic",
        `${place} is not one that the log signed (${cause instanceof Error ? cause.message : String(cause)})`,
        { place },
        { cause },
      );
    }
  }

  /** The chain of seal records; each brings a checkpoint with it. */
  async #readRecords(): Promise<SealedRecord[]> {
    const { objects } = this.#primary;
    const records: SealedRecord[] = [];
    for await (const { key } of objects.list(logKeys.segments)) {
      const end = records.at(-1)?.segment.end ?? 0;
      const record = key === logKeys.segment(end) ? await this.#primary.record(end) : undefined;
      if (record?.segment.start !== end) {
        throw new VerificationError(
          "segment_missing",
          `${objects.place}: the seal records go up to entry ${end}, but ${key} is next`,
          { end, next: key },
        );
      }
      this.#claim(`${objects.place}/${key}`, Buffer.from(record.segment.checkpoint));
      records.push(record);
    }
    return records;
  }

  async #auditSegments(records: readonly SealedRecord[], audit: TreeAudit): Promise<void> {
    const threads = availableParallelism();
    for (let at = 0; at < records.length; at += threads) {
      const some = records.slice(at, at + threads);
      const directory = join(this.#options.tempDirectory, randomBytes(8).toString("hex"));
      await mkdir(directory, { recursive: true });
      try {
        for (const record of some) await this.#fetch(record, directory);
        await this.#auditFiles(some, directory, threads, audit);
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
      this.#options.onProgress?.({ done: at + some.length, total: records.length });
    }
  }

  /** A mirror knows nothing of the primary's version: the hash tells whether it is the file. */
  async #fetch(record: SealedRecord, directory: string): Promise<void> {
    const { vault } = this.#primary;
    const { key, lengthBytes } = record.segment;
    const place = `${vault.place}/${key}`;
    const found = await vault.head({ key });
    if (found?.lengthBytes !== lengthBytes) {
      throw new VerificationError(
        "segment_corrupt",
        `${place} ${found ? `has ${found.lengthBytes} bytes, not ${lengthBytes}` : "is missing"}`,
        { place },
      );
    }
    await auditLock(record, vault, Date.now());
    const read = (from: number, to: number) => vault.get({ key }, from, to);
    await fetchSegment(record, read, place, join(directory, key));
  }

  async #auditFiles(
    records: readonly SealedRecord[],
    directory: string,
    threads: number,
    audit: TreeAudit,
  ): Promise<void> {
    const questions = records.map(({ segment }) => ({
      directory,
      segment,
      leavesOf: neededLeaves(audit, segment),
    }));
    let n = 0;
    for await (const hashes of hashSegments(questions, threads)) {
      const { segment } = records[n++]!;
      compareSegment(`${this.#primary.vault.place}/${segment.key}`, segment, hashes);
      appendSegment(audit, segment, hashes);
      this.#times.part(hashes.times);
      this.#checked.segments++;
      this.#checked.entries += hashes.entries;
      this.#checked.bytes += hashes.bytes;
    }
    if (this.#options.columns !== false) await this.#compareColumns(questions, threads);
  }

  async #compareColumns(questions: readonly SegmentQuestion[], threads: number): Promise<void> {
    const started = performance.now();
    for await (const _ of auditSegmentColumns(questions, threads)) {
      // One difference is thrown; otherwise there is nothing to tell.
    }
    for (const { segment } of questions) this.#columns.rows += segment.end - segment.start;
    this.#columns.seconds += (performance.now() - started) / 1000;
  }

  async #auditJournal(audit: TreeAudit, sealedSize: number): Promise<{ checkpoint?: string; fence?: Fence }> {
    const { objects } = this.#primary;
    let checkpoint: string | undefined;
    for (;;) {
      const start = audit.size;
      const bytes = await this.#primary.commit(start);
      const fence = bytes && parseFence(bytes);
      if (!bytes || fence)
        return { ...(checkpoint !== undefined && { checkpoint }), ...(fence && { fence }) };
      const place = `${objects.place}/${logKeys.commit(start)}`;
      const commit = parseCommitObject(bytes, start, place);
      this.#reach(audit, start + commit.count);
      auditCommit(audit, commit, this.#keys, place);
      this.#times.lines(commit.entryLines, start, sealedSize);
      ({ checkpoint } = commit);
      this.#checked.commits++;
      this.#checked.checkpoints++;
      this.#checked.entries += commit.count;
      this.#checked.bytes += commit.entryLines.length - commit.count;
    }
  }

  /** The tree is about to get this size: what is claimed of it on the way is compared. */
  #reach(audit: TreeAudit, treeSize: number): void {
    for (const claim of this.#claims) if (claim.treeSize <= treeSize) audit.claim(claim);
    this.#claims = this.#claims.filter((claim) => claim.treeSize > treeSize);
  }

  /** Where a mirror was cut off in the middle of several commits, later ones may have arrived. They tell what is missing. */
  async #findStrays(end: number): Promise<string[]> {
    const { objects } = this.#primary;
    const strays: string[] = [];
    for await (const { key } of objects.list(logKeys.journal, logKeys.commit(end))) {
      const place = `${objects.place}/${key}`;
      const bytes = await objects.get(key);
      if (!bytes) continue;
      strays.push(key);
      const start = Number(key.slice(logKeys.journal.length));
      this.#claim(place, Buffer.from(parseCommitObject(bytes, start, place).checkpoint));
    }
    return strays;
  }

  /** A log whose newest commit was trimmed: only the newest segment can have the checkpoint of its end. */
  #checkpointOf(records: readonly SealedRecord[], treeSize: number): string | undefined {
    const checkpoint = records.at(-1)?.segment.checkpoint;
    const signed =
      checkpoint === undefined ? undefined : verifyCheckpoint(Buffer.from(checkpoint), this.#keys);
    return signed?.treeSize === treeSize ? checkpoint : undefined;
  }
}
