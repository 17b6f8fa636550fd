import { UnavailableError } from "@stele/proof";
import type { Segment } from "../search/segment.ts";
import { logKeys } from "../store/store.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { Vault } from "../store/vault.ts";
import type { Clock } from "../log/clock.ts";
import { Bell } from "./bell.ts";
import { compareSegment, copySegment } from "./copy-segment.ts";
import type { Persistence } from "./persistence.ts";
import { placeObject, type Conflict } from "./place-object.ts";
import type { PrimaryLog, SealedRecord } from "./primary-log.ts";

export interface SegmentMirrorOptions {
  readonly primary: PrimaryLog;
  /** The mirror's. */
  readonly objects: ObjectStore;
  readonly vault: Vault;
  /** The segments that this node knows of, in order, without gaps. */
  readonly segments: () => readonly Pick<Segment, "start" | "end">[];
  /** Brings over what tells of the keys that seal records are signed with. */
  readonly bringKeys: () => Promise<void>;
  /** Whether this node made the segment that begins here. */
  readonly isOwn: (start: number) => boolean;
  /** How long the node that sealed may take to bring a segment over (milliseconds). */
  readonly ownerGraceMs: number;
  readonly tempDirectory: string;
  readonly clock: Clock;
  readonly persistence: Persistence;
  readonly onProgress: () => void;
  readonly onConflict: (conflict: Conflict) => void;
  readonly signal: AbortSignal;
}

/** Brings the segments of one log to one mirror, one after the other: first the file, then the seal record that counts it. */
export class SegmentMirror {
  readonly #options: SegmentMirrorOptions;
  readonly #bell = new Bell();
  #to = 0;
  /** Where segments begin that differ. */
  readonly #conflicts = new Set<number>();

  constructor(options: SegmentMirrorOptions) {
    this.#options = options;
  }

  /** The entries `[0, to)` are in segments of the mirror. */
  get to(): number {
    return Math.min(this.#to, ...this.#conflicts);
  }

  /** How many objects differ. */
  get conflicts(): number {
    return this.#conflicts.size;
  }

  /** There may be more to do. */
  wake(): void {
    this.#bell.ring();
  }

  /** Runs until the signal is aborted. */
  async run(): Promise<void> {
    const { signal, segments, persistence, onProgress } = this.#options;
    signal.addEventListener("abort", () => this.#bell.ring());
    const present = await persistence.until(() => this.#listPresent());
    while (!signal.aborted) {
      this.#bell.rearm();
      for (const { start, end } of segments().filter((segment) => segment.start >= this.#to)) {
        if (!present.has(logKeys.segment(start))) await persistence.until(() => this.#bring(start));
        this.#to = end;
        onProgress();
      }
      present.clear();
      await this.#bell.rung();
    }
  }

  /** Looks again at what differs: somebody may have taken the wrong one away. */
  async recheck(): Promise<void> {
    const { primary, objects, vault } = this.#options;
    for (const start of this.#conflicts) {
      const record = await primary.record(start);
      const found = await objects.get(logKeys.segment(start));
      if (!record || !found?.equals(record.note) || (await compareSegment(record, vault)) !== "same")
        continue;
      this.#conflicts.delete(start);
    }
    this.#options.onProgress();
  }

  /** The seal records that the mirror has: those before this run are compared by the reconciler. */
  async #listPresent(): Promise<Set<string>> {
    const keys = new Set<string>();
    for await (const { key } of this.#options.objects.list(logKeys.segments)) keys.add(key);
    return keys;
  }

  async #bring(start: number): Promise<void> {
    const { primary, objects } = this.#options;
    const key = logKeys.segment(start);
    const record = await primary.record(start);
    if (!record) throw new UnavailableError("segment_unavailable", `${primary.place} has no ${key} yet`);
    const found = await this.#awaitOwner(start, key);
    if (!found) await this.#copyFile(record);
    await this.#options.bringKeys();
    this.#note(start, await placeObject(objects, key, record.note, found));
  }

  async #copyFile(record: SealedRecord): Promise<void> {
    const { primary, vault, tempDirectory } = this.#options;
    const read = (from: number, to: number) => primary.readSegment(record, from, to);
    const copy = { record, read, place: primary.place, target: vault, tempDirectory };
    if ((await copySegment(copy)) === "copied") return;
    const { key, start, digests } = record.segment;
    if ((await compareSegment(record, vault)) === "same") return;
    const sha256 = Buffer.from(digests.file).toString("hex");
    const keptAs = `conflict-${sha256.slice(0, 16)}-${key}`;
    await copySegment(copy, keptAs);
    this.#note(start, { outcome: "conflict", key, keptAs, sha256 });
  }

  #note(start: number, placed: Awaited<ReturnType<typeof placeObject>>): void {
    if (placed.outcome !== "conflict") return;
    this.#conflicts.add(start);
    this.#options.onConflict(placed);
  }

  /** The record, once its owner brought the segment over; undefined if that took too long. */
  async #awaitOwner(start: number, key: string): Promise<Buffer | undefined> {
    const { objects, isOwn, clock, ownerGraceMs, signal } = this.#options;
    const since = clock.monotonicMs();
    for (;;) {
      const found = await objects.get(key);
      const leftMs = since + ownerGraceMs - clock.monotonicMs();
      if (found || isOwn(start) || leftMs <= 0 || signal.aborted) return found;
      await clock.sleep(Math.min(leftMs, ownerGraceMs / 8), signal);
    }
  }
}
