import { UnavailableError, type LogKeys } from "@stele/proof";
import type { Clock } from "../log/clock.ts";
import type { Segment } from "../search/segment.ts";
import type { Journal } from "../store/journal.ts";
import { logKeys, type Store } from "../store/store.ts";
import { CommitMirror } from "./commit-mirror.ts";
import { KeyMirror } from "./key-mirror.ts";
import { Lag } from "./lag.ts";
import { Persistence } from "./persistence.ts";
import { placeObject, type Conflict } from "./place-object.ts";
import type { PrimaryLog } from "./primary-log.ts";
import { SegmentMirror } from "./segment-mirror.ts";

const OWNER_GRACE_MS = 2_000;
/** A segment takes longer on its way than a commit. */
const SEGMENT_GRACE_MS = 60_000;
const RECHECK_MS = 60_000;
const RETRY_AFTER_MS = 1_000;

export interface MirrorWriterOptions {
  /** The log's name. */
  readonly log: string;
  readonly mode: "async" | "sync";
  readonly primary: PrimaryLog;
  /** The log's keys as this node knows them; they grow. */
  readonly keys: Pick<LogKeys, "statements">;
  readonly mirror: Pick<Store, "place" | "objects" | "vault">;
  /** The node's own journal, or its copy of the shared one. */
  readonly journal: Pick<Journal, "end" | "readCommits">;
  /** The segments that this node knows of, in order, without gaps. */
  readonly segments: () => readonly Pick<Segment, "start" | "end">[];
  /**
   * Whether this node made the commit, or the segment, that begins here: then it brings it over at once. What others made it
   * checks, and brings over if they take too long. A node that is alone says yes.
   */
  readonly isOwn: (kind: "commit" | "segment", start: number) => boolean;
  /** For segments while they are on their way; may be emptied while the node is stopped. */
  readonly tempDirectory: string;
  readonly clock: Clock;
  readonly report: (event: MirrorReport) => void;
  /** How long the node that made a commit may take to bring it over (milliseconds); 2 s unless told. */
  readonly ownerGraceMs?: number;
  /** … a segment; a minute unless told. */
  readonly segmentGraceMs?: number;
}

/** What happens to a mirror, for the operator. Failures are told once, until it works again. */
export type MirrorReport =
  | { readonly kind: "mirror_failed"; readonly place: string; readonly error: unknown }
  | { readonly kind: "mirror_recovered"; readonly place: string }
  | ({ readonly kind: "mirror_conflict"; readonly place: string } & Conflict);

/** How far a mirror is. */
export interface MirrorState {
  /** Names it for a person. */
  readonly place: string;
  readonly mode: "async" | "sync";
  /** A tree size: entries below it are surely there. */
  readonly mirroredSize: number;
  readonly lagEntries: number;
  /** The age of the oldest commit that is not there (milliseconds). */
  readonly lagMs: number;
  /** Why it does not get on, if it does not. */
  readonly failure?: string;
  /** Objects that differ from the primary's: somebody must look. */
  readonly conflicts: number;
}

interface Waiter {
  readonly size: number;
  readonly resolve: () => void;
}

/**
 * Brings one log to one mirror: `log.json`, commits as they come, segments as they are sealed. It works from what the node
 * has locally, takes bounded memory however long the mirror is away, and never overwrites anything.
 */
export class MirrorWriter {
  readonly #options: MirrorWriterOptions;
  readonly #closing = new AbortController();
  readonly #lag: Lag;
  readonly #forReading: Persistence;
  readonly #forCommits: Persistence;
  readonly #forSegments: Persistence;
  readonly #keys: KeyMirror;
  readonly #commits: CommitMirror;
  readonly #segments: SegmentMirror;
  readonly #waiters = new Set<Waiter>();
  /** Told already. */
  readonly #conflicts = new Set<string>();
  #identityConflicts = 0;
  #running: Promise<unknown> | undefined;
  #recheck: NodeJS.Timeout | undefined;

  constructor(options: MirrorWriterOptions) {
    const { log, primary, keys, mirror, journal, segments, isOwn, clock, tempDirectory } = options;
    const { signal } = this.#closing;
    this.#options = options;
    this.#lag = new Lag(clock);
    this.#forReading = this.#persistence();
    this.#forCommits = this.#persistence();
    this.#forSegments = this.#persistence();
    const objects = mirror.objects(log);
    const onConflict = (conflict: Conflict): void => this.#conflict(conflict);
    this.#keys = new KeyMirror({ keys, objects, onConflict });
    const shared = {
      objects,
      clock,
      signal,
      bringKeys: () => this.#keys.bring(),
      onProgress: () => this.#progress(),
      onConflict,
    };
    this.#commits = new CommitMirror({
      ...shared,
      journal,
      isOwn: (start) => isOwn("commit", start),
      ownerGraceMs: options.ownerGraceMs ?? OWNER_GRACE_MS,
      seenAgoMs: (start) => this.#lag.ageMs(start),
      persistence: this.#forCommits,
      reading: this.#forReading,
    });
    this.#segments = new SegmentMirror({
      ...shared,
      primary,
      vault: mirror.vault(log),
      segments,
      isOwn: (start) => isOwn("segment", start),
      ownerGraceMs: options.segmentGraceMs ?? SEGMENT_GRACE_MS,
      tempDirectory,
      persistence: this.#forSegments,
    });
  }

  /** Begins; returns at once. */
  start(): void {
    this.wake();
    this.#running ??= this.#run();
    this.#recheck = setInterval(() => {
      void this.#recheckConflicts();
      void this.#keys.bring().catch(() => undefined); // The mirror is out, which bringing over tells.
    }, RECHECK_MS).unref();
  }

  /** To be called after each commit, and after each segment; returns at once. */
  wake(): void {
    this.#lag.reached(this.#options.journal.end);
    this.#commits.wake();
    this.#segments.wake();
  }

  state(): MirrorState {
    const { mirror, mode, journal } = this.#options;
    const { mirroredSize } = this;
    const failure = this.#forReading.failure ?? this.#forCommits.failure ?? this.#forSegments.failure;
    return {
      place: mirror.place,
      mode,
      mirroredSize,
      lagEntries: Math.max(0, journal.end - mirroredSize),
      lagMs: this.#lag.ageMs(mirroredSize),
      ...(failure !== undefined && { failure }),
      conflicts:
        this.#commits.conflicts + this.#segments.conflicts + this.#identityConflicts + this.#keys.conflicts,
    };
  }

  /** A tree size: the entries below it are on the mirror, as the primary has them: in segments, and behind them in commits. */
  get mirroredSize(): number {
    const sealed = this.#segments.to;
    return sealed >= this.#commits.from ? Math.max(sealed, this.#commits.to) : sealed;
  }

  /**
   * Resolves once the mirror has the commits up to a tree size. History that this node found sealed when it started does not
   * count: a mirror that is new gets it meanwhile.
   *
   * @throws UnavailableError `mirror_behind` after `timeoutMs`
   */
  async waitFor(size: number, timeoutMs: number): Promise<void> {
    if (this.#assuredSize >= size) return;
    const { clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { size, resolve };
    const done = new AbortController();
    this.#waiters.add(waiter);
    try {
      const signal = AbortSignal.any([done.signal, this.#closing.signal]);
      const late = clock.sleep(timeoutMs, signal).then(() => {
        throw new UnavailableError(
          "mirror_behind",
          `The mirror does not have it after ${timeoutMs} ms. It is in the log already: send it again, with the same id, to have that confirmed`,
          { retryAfterMs: RETRY_AFTER_MS },
        );
      });
      late.catch(() => undefined); // when it was in time
      await Promise.race([promise, late]);
    } finally {
      done.abort();
      this.#waiters.delete(waiter);
    }
  }

  /** Commits that were trimmed before the mirror had them count once their segments are there. */
  get #assuredSize(): number {
    const { to, skippedTo } = this.#commits;
    return this.#segments.to >= skippedTo ? to : Math.min(to, this.#segments.to);
  }

  /** Ends at once: what is missing is brought over after the next start, or by another node. */
  async close(): Promise<void> {
    clearInterval(this.#recheck);
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      await this.#forCommits.until(() => this.#bringIdentity());
      await this.#forCommits.until(() => this.#keys.bring());
      await Promise.all([this.#commits.run(), this.#segments.run()]);
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error;
    }
  }

  async #bringIdentity(): Promise<void> {
    const { log, primary, mirror } = this.#options;
    const objects = mirror.objects(log);
    const placed = await placeObject(
      objects,
      logKeys.identity,
      await primary.identity(),
      await objects.get(logKeys.identity),
    );
    this.#identityConflicts = placed.outcome === "conflict" ? 1 : 0;
    if (placed.outcome !== "conflict") return;
    this.#conflict(placed);
    throw new UnavailableError(
      "mirror_of_another_log",
      `${mirror.place} has another log of the name ${log}: give the mirror a place of its own`,
    );
  }

  #persistence(): Persistence {
    const { clock, mirror, report } = this.#options;
    const { place } = mirror;
    return new Persistence({
      clock,
      signal: this.#closing.signal,
      onFailure: (error) => report({ kind: "mirror_failed", place, error }),
      onRecovery: () => report({ kind: "mirror_recovered", place }),
    });
  }

  #progress(): void {
    const { mirroredSize } = this;
    this.#lag.arrived(mirroredSize);
    for (const waiter of this.#waiters) if (waiter.size <= this.#assuredSize) waiter.resolve();
  }

  #conflict(conflict: Conflict): void {
    if (this.#conflicts.has(conflict.keptAs)) return;
    this.#conflicts.add(conflict.keptAs);
    const { place } = this.#options.mirror;
    this.#options.report({ kind: "mirror_conflict", place, ...conflict });
  }

  async #recheckConflicts(): Promise<void> {
    if (this.#conflicts.size === 0) return;
    try {
      await this.#commits.recheck();
      await this.#segments.recheck();
    } catch {
      // The mirror is out, which bringing over tells; it is looked at again.
    }
  }
}
