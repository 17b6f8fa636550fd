import { HASH_LENGTH_BYTES, VerificationError, type LogKeys } from "@stele/proof";
import type { Clock } from "../log/clock.ts";
import { parseSegmentRecord } from "../search/segment-record.ts";
import { fencedError, parseFence } from "../store/fence.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { logKeys } from "../store/store.ts";
import type { Vault } from "../store/vault.ts";
import { auditCommit, parseCommitObject } from "../verify/commit-audit.ts";
import { TreeAudit } from "../verify/tree-audit.ts";
import { compareSegment, copySegment, hashObject, type SegmentCopy } from "./copy-segment.ts";
import { placeObject } from "./place-object.ts";
import type { PrimaryLog, SealedRecord } from "./primary-log.ts";
import type { Alarm, ReconcileReport } from "./reconcile-report.ts";
import type { SharedPrimary } from "./shared-primary.ts";
import { Throttle } from "./throttle.ts";

export interface ReconcileOptions {
  /** The log's name. */
  readonly log: string;
  readonly primary: PrimaryLog;
  /** Of the log. */
  readonly keys: LogKeys;
  /** The mirror's objects and vault of this log. */
  readonly objects: ObjectStore;
  readonly vault: Vault;
  /** Compare segments by their lengths, not by their bytes. */
  readonly quick?: boolean;
  /** The primary again, if what it lacks is to be created there from the mirror. */
  readonly restore?: SharedPrimary;
  /** Of reading segments; as fast as it goes unless told. */
  readonly bytesPerSecondMax?: number;
  /** For segments while they are on their way. */
  readonly tempDirectory: string;
  readonly clock: Clock;
  /** Told of each alarm at once. */
  readonly onAlarm?: (alarm: Alarm) => void;
}

/**
 * Compares a mirror with its primary over everything that is kept, and repairs the mirror. What differs is never overwritten,
 * what the primary lacks is not taken back unless that is asked for: both are alarms. Nodes may go on writing meanwhile.
 *
 * @throws VerificationError if the primary itself is damaged, naming the place: nothing of it is copied from there on
 * @throws UnavailableError if either side can't be reached; `log_fenced` if either is fenced
 */
export async function reconcileLog(options: ReconcileOptions): Promise<ReconcileReport> {
  return await new Reconciliation(options).run();
}

class Reconciliation {
  readonly #options: ReconcileOptions;
  readonly #throttle: Throttle;
  readonly #alarms: Alarm[] = [];
  readonly #audit = new TreeAudit();
  /** The seal records in order, as far as they follow each other. */
  readonly #records: SealedRecord[] = [];
  /** Those that the mirror has with their files, from the first one on without a gap. */
  #mirrored = 0;
  #compared = 0;
  #copied = 0;
  #restored = 0;

  constructor(options: ReconcileOptions) {
    this.#options = options;
    this.#throttle = new Throttle(options.clock, options.bytesPerSecondMax ?? Infinity);
  }

  async run(): Promise<ReconcileReport> {
    const { log, primary, objects, clock } = this.#options;
    const began = clock.monotonicMs();
    await this.#place(logKeys.identity, await primary.identity());
    await this.#reconcileKeys();
    // The mirror first: what it has, the primary had before.
    const segments = await keysOf(objects, logKeys.segments);
    const journal = await keysOf(objects, logKeys.journal);
    await this.#reconcileRecords(segments);
    await this.#reconcileCommits(journal);
    const trimmed = await this.#trim(journal);
    await this.#reconcileAnchors();
    if (!this.#options.quick) await this.#compareFiles();
    return {
      place: objects.place,
      log,
      compared: this.#compared,
      copied: this.#copied,
      trimmed,
      restored: this.#restored,
      alarms: this.#alarms,
      treeSize: this.#audit.size,
      seconds: (clock.monotonicMs() - began) / 1000,
    };
  }

  /** What the mirror alone has may be a statement of somebody who stole a key: it is told, and never taken for the primary's. */
  async #reconcileKeys(): Promise<void> {
    const { primary, objects } = this.#options;
    for (let number = 1; ; number++) {
      const key = logKeys.keyStatement(number);
      const onPrimary = await primary.keyStatement(number);
      if (onPrimary) await this.#place(key, Buffer.from(onPrimary));
      else {
        if (await objects.get(key)) {
          this.#alarm("missing_on_primary", key, "the primary has no such statement about the log's keys");
        }
        return;
      }
    }
  }

  /** Behind the commits, so that the mirror has the entries of each anchor that it gets. */
  async #reconcileAnchors(): Promise<void> {
    const { primary, objects } = this.#options;
    const left = await keysOf(objects, logKeys.anchors);
    for await (const { key } of primary.anchors.list(logKeys.anchors)) {
      left.delete(key);
      const bytes = await primary.anchors.get(key);
      if (bytes) await this.#place(key, bytes);
    }
    for (const key of left) {
      this.#alarm("missing_on_primary", key, "the primary has no such part of an anchor");
    }
  }

  /** Follows the chain of seal records; of their files it looks whether they are there. */
  async #reconcileRecords(listed: ReadonlySet<string>): Promise<void> {
    const { primary } = this.#options;
    const left = new Set(listed);
    for (let start = 0; ;) {
      const key = logKeys.segment(start);
      const onPrimary = await primary.record(start);
      const record = onPrimary ?? (left.has(key) ? await this.#recordOfMirror(start) : undefined);
      if (!record) break;
      left.delete(key);
      this.#records.push(record);
      const isWhole = onPrimary ? await this.#mirrorSegment(record) : await this.#restoreSegment(record);
      if (isWhole && this.#mirrored === this.#records.length - 1) this.#mirrored++;
      const { subtreeHashes, end } = record.segment;
      for (let at = 0; at < subtreeHashes.length; at += HASH_LENGTH_BYTES) {
        this.#audit.appendBlock(subtreeHashes.subarray(at, at + HASH_LENGTH_BYTES));
      }
      start = end;
    }
    for (const key of left) {
      this.#alarm(
        "missing_on_primary",
        key,
        "the primary has no such seal record, and none before it leads there",
      );
    }
  }

  /** Brings a segment to the mirror if it is not there; returns whether it is there now. */
  async #mirrorSegment(record: SealedRecord): Promise<boolean> {
    const { primary, vault } = this.#options;
    const { start, lengthBytes } = record.segment;
    this.#compared++;
    const onPrimary = await primary.segmentLengthBytes(record);
    if (onPrimary !== lengthBytes) await this.#tellOfPrimary(record, onPrimary);
    const found = await compareSegment(record, vault, { quick: true });
    if (found === "different") await this.#keepBeside(record);
    const isThere = found === "same" || (found === "missing" && (await this.#copyFile(record)));
    return isThere && (await this.#place(logKeys.segment(start), record.note));
  }

  /** Copies the file of a segment to the mirror, if the primary has it whole. */
  async #copyFile(record: SealedRecord): Promise<boolean> {
    const { vault } = this.#options;
    const { key, lengthBytes } = record.segment;
    if ((await this.#options.primary.segmentLengthBytes(record)) !== lengthBytes) return false;
    try {
      await copySegment(this.#fromPrimary(record, vault));
      this.#copied++;
      return true;
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      this.#alarm("damaged", key, error.message);
      return false;
    }
  }

  /** The primary has a seal record, but not the file of the segment, or not all of it. */
  async #tellOfPrimary(record: SealedRecord, length: number | undefined): Promise<void> {
    const { restore } = this.#options;
    const { key, lengthBytes } = record.segment;
    if (length === undefined) {
      this.#alarm("missing_on_primary", key, "the primary has its seal record, but not the file");
      if (restore) await this.#restoreFile(record, restore);
    } else {
      this.#alarm("damaged", key, `the file on the primary has ${length} bytes, not ${lengthBytes}`);
    }
  }

  async #recordOfMirror(start: number): Promise<SealedRecord | undefined> {
    const { objects, keys } = this.#options;
    const key = logKeys.segment(start);
    const note = await objects.get(key);
    return note && { ...parseSegmentRecord(note, keys, `${objects.place}/${key}`), note };
  }

  /** The mirror has a seal record that the primary lacks; returns whether the mirror has the file, too. */
  async #restoreSegment(record: SealedRecord): Promise<boolean> {
    const { vault, restore } = this.#options;
    const { start } = record.segment;
    const key = logKeys.segment(start);
    this.#compared++;
    this.#alarm("missing_on_primary", key, "the mirror has this seal record, signed by the log");
    const isThere = (await compareSegment(record, vault, { quick: true })) === "same";
    if (restore && isThere) {
      await this.#restoreFile(record, restore);
      await restore.objects.create(key, [record.note]);
      this.#restored++;
    }
    return isThere;
  }

  async #restoreFile(record: SealedRecord, { vault: target }: SharedPrimary): Promise<void> {
    const { vault, tempDirectory } = this.#options;
    const { key } = record.segment;
    const read = (from: number, to: number) => vault.get({ key }, from, to);
    const copied = await copySegment({
      record,
      read,
      place: `${vault.place}: ${key}`,
      target,
      tempDirectory,
    });
    if (copied === "copied") this.#restored++;
  }

  /** Follows the journal from where the newest segment ends; each commit is verified before it is copied anywhere. */
  async #reconcileCommits(listed: ReadonlySet<string>): Promise<void> {
    const { primary, objects, keys } = this.#options;
    const first = await this.#firstCommit();
    const left = new Set([...listed].filter((key) => key >= logKeys.commit(first)));
    for (let start = first; ;) {
      const key = logKeys.commit(start);
      const [onPrimary, onMirror] = await Promise.all([
        primary.commit(start),
        left.has(key) ? objects.get(key) : undefined,
      ]);
      const bytes = onPrimary ?? onMirror;
      const side = onPrimary ? primary.place : objects.place;
      const fence = bytes && parseFence(bytes);
      if (fence) throw fencedError(fence, side);
      if (!bytes) break;
      const place = `${side}/${key}`;
      const commit = parseCommitObject(bytes, start, place);
      auditCommit(this.#audit, commit, keys, place);
      left.delete(key);
      if (onPrimary) await this.#place(key, onPrimary, onMirror);
      else await this.#restoreCommit(key, bytes);
      start += commit.count;
    }
    for (const key of left) {
      this.#alarm(
        "missing_on_primary",
        key,
        "the primary has no such commit, and none before it leads there",
      );
    }
  }

  /** Where to begin in the journal: the commits before are sealed. */
  async #firstCommit(): Promise<number> {
    const newest = this.#records.at(-1);
    if (!newest) return 0;
    const oldest = (await this.#options.primary.oldestCommit()) ?? 0;
    return oldest > newest.resume && oldest <= newest.segment.end ? oldest : newest.resume;
  }

  async #restoreCommit(key: string, bytes: Buffer): Promise<void> {
    const { restore } = this.#options;
    this.#compared++;
    this.#alarm("missing_on_primary", key, "the mirror has this commit, signed by the log");
    if (restore && (await placeObject(restore.objects, key, bytes)).outcome === "copied") this.#restored++;
  }

  /** Deletes commits of the mirror that the primary has deleted, if the mirror has them in segments. */
  async #trim(listed: ReadonlySet<string>): Promise<number> {
    const { primary, objects } = this.#options;
    const resume = this.#records[this.#mirrored - 1]?.resume ?? 0;
    const before = Math.min(resume, (await primary.oldestCommit()) ?? 0);
    const keys = [...listed].filter((key) => key < logKeys.commit(before));
    if (keys.length > 0) await objects.delete(keys);
    return keys.length;
  }

  /** Reads every segment on both sides, and compares it with the hash in its record. */
  async #compareFiles(): Promise<void> {
    const { primary, vault } = this.#options;
    const onRead = (bytes: number) => this.#throttle.pass(bytes);
    for (const record of this.#records) {
      const { key, lengthBytes, digests } = record.segment;
      if ((await compareSegment(record, vault, { onRead })) === "different") {
        const isKnown = this.#alarms.some((alarm) => alarm.kind === "conflict" && alarm.key === key);
        if (!isKnown) await this.#keepBeside(record);
      }
      if ((await primary.segmentLengthBytes(record)) !== lengthBytes) continue; // told before
      const read = (from: number, to: number) => primary.readSegment(record, from, to);
      const sha256 = Buffer.from(await hashObject(read, lengthBytes, onRead));
      if (!sha256.equals(digests.file)) {
        this.#alarm("damaged", key, `the file on the primary, ${primary.place}, is not what was sealed`);
      }
    }
  }

  /** The mirror's file of a segment is not what was sealed: the primary's is put beside it. */
  async #keepBeside(record: SealedRecord): Promise<void> {
    const { primary, vault } = this.#options;
    const { key, digests, lengthBytes } = record.segment;
    if ((await primary.segmentLengthBytes(record)) !== lengthBytes) {
      this.#alarm("damaged", key, "the file on the mirror is not what was sealed, and the primary has none");
      return;
    }
    const keptAs = `conflict-${Buffer.from(digests.file).toString("hex").slice(0, 16)}-${key}`;
    let detail = `the file on the mirror is not what was sealed; the primary's was put beside it as ${keptAs}`;
    try {
      await copySegment(this.#fromPrimary(record, vault), keptAs);
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      detail = "neither the file on the mirror nor the one on the primary is what was sealed";
    }
    this.#alarm("conflict", key, detail);
  }

  #fromPrimary(record: SealedRecord, target: Vault): SegmentCopy {
    const { primary, tempDirectory } = this.#options;
    const read = (from: number, to: number) => primary.readSegment(record, from, to);
    return { record, read, place: `${primary.place}: ${record.segment.key}`, target, tempDirectory };
  }

  /** Brings an object to the mirror; returns whether the mirror has the same then. */
  async #place(key: string, bytes: Buffer, present?: Buffer): Promise<boolean> {
    const { objects } = this.#options;
    this.#compared++;
    const placed = await placeObject(objects, key, bytes, present ?? (await objects.get(key)));
    if (placed.outcome === "copied") this.#copied++;
    if (placed.outcome !== "conflict") return true;
    this.#alarm(
      "conflict",
      key,
      `the mirror has other bytes; the primary's were put beside them as ${placed.keptAs}`,
    );
    return false;
  }

  #alarm(kind: Alarm["kind"], key: string, detail: string): void {
    const alarm = { kind, key, detail };
    this.#alarms.push(alarm);
    this.#options.onAlarm?.(alarm);
  }
}

async function keysOf(objects: ObjectStore, prefix: string): Promise<Set<string>> {
  const keys = new Set<string>();
  for await (const { key } of objects.list(prefix)) keys.add(key);
  return keys;
}
