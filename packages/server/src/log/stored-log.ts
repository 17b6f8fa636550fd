import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { UnavailableError, verifyConsistency, type LogKeys, type Policy } from "@stele/proof";
import type { IngestPool } from "../event/ingest-pool.ts";
import type { LogMirrors } from "../mirror/log-mirrors.ts";
import type { Anchorer } from "../anchor/anchorer.ts";
import type { PublishableLog, Publisher, PublishingState } from "../publish/publisher.ts";
import { Rate } from "../ops/rate.ts";
import type { LogStatus } from "../ops/status.ts";
import type { StateSizes } from "../publish/event-state.ts";
import { LogSources } from "../sources/log-sources.ts";
import type { Database } from "../search/database.ts";
import { SearchIndex } from "../search/search-index.ts";
import { SegmentReader, streamEntryBlocks } from "../search/segment-reader.ts";
import type { Segment } from "../search/segment.ts";
import type { LogVerification } from "../verify/background/log-verification.ts";
import type { VerifiedLog } from "../verify/background/verified-log.ts";
import type { Acknowledgement, AuditLog, SignedTreeHead, SubmissionFormat } from "./audit-log.ts";
import type { Clock } from "./clock.ts";
import { Follower, type Committed } from "./follower.ts";
import { followKeys } from "./key-follower.ts";
import { KeyRotation } from "./key-rotation.ts";
import type { LogIdentity } from "./log-identity.ts";
import type { LogReport } from "./log-report.ts";
import type { LogStorage } from "./log-storage.ts";
import { Mutex } from "./mutex.ts";
import { nativeHasher } from "./native-hasher.ts";
import { ReadableLog } from "./readable-log.ts";
import type { ReceivedClock } from "./received-clock.ts";
import { SealedIds } from "./sealed-ids.ts";
import { SealedSegments } from "./sealed-segments.ts";
import { Sealer, type SealerOptions } from "./sealer.ts";
import { segmentBuild } from "./segment-build.ts";
import { Sequencer, type CommitOutcome, type SequencerLimits } from "./sequencer.ts";

export interface StoredLogOptions {
  readonly name: string;
  readonly storage: LogStorage;
  /** For what can be deleted while the node is stopped. */
  readonly cacheDirectory: string;
  readonly database: Database;
  readonly pool: IngestPool;
  readonly receivedClock: ReceivedClock;
  readonly clock: Clock;
  readonly sealing: Pick<SealerOptions, "segmentEntries" | "sealAfterMs">;
  readonly limits?: Partial<SequencerLimits>;
  /** How often to look for other nodes' commits when nothing happens (milliseconds). */
  readonly idlePauseMs: (isWatched: boolean) => number;
  /** Makes the mirrors of the log, if it has any. */
  readonly openMirrors?: (log: MirroredLog) => LogMirrors;
  /** Makes what has the log's checkpoints cosigned, if witnesses are to. */
  readonly openPublisher?: (log: PublishableLog, identity: LogIdentity) => Promise<Publisher | undefined>;
  /** Makes what keeps checkpoints of the log for good, if anything is to. */
  readonly openAnchorer?: (log: StoredLog, storage: LogStorage) => Anchorer | undefined;
  /** Makes the verifier of the log, if it is to have one. */
  readonly openVerification?: (log: VerifiedLog) => Promise<LogVerification>;
  readonly onOutcome?: (outcome: CommitOutcome) => void;
  /** Told of what happens in the background, for the operator. */
  readonly report: (event: LogReport) => void;
}

/** What mirrors are made from. */
export interface MirroredLog {
  readonly storage: LogStorage;
  readonly segments: () => readonly Segment[];
  /** Whether this node made the commit, or the segment, that begins at `start`. */
  readonly isOwn: (kind: "commit" | "segment", start: number) => boolean;
}

/** Mirrors of commits that are not known to be this node's own wait for their owner. */
const OWN_COMMITS_MAX = 16_384;
const NOT_PUBLISHED: PublishingState = { witnessedSize: undefined, publishedMs: undefined, witnesses: [] };

/** One log as a node serves it: recovered from its storage, following other nodes where there are any. */
export class StoredLog extends ReadableLog implements AuditLog {
  readonly name: string;
  readonly search: SearchIndex;
  readonly sources: LogSources;
  readonly #options: StoredLogOptions;
  readonly #storage: LogStorage;
  readonly #segments: SealedSegments;
  readonly #sequencer: Sequencer;
  readonly #rotation: KeyRotation;
  readonly #follower: Follower | undefined;
  readonly #sealer: Sealer;
  readonly #listeners = new Set<(treeSize: number) => void>();
  readonly #commits: Rate;
  readonly #events: Rate;
  readonly #mirrors: LogMirrors | undefined;
  #publisher: Publisher | undefined;
  #anchorer: Anchorer | undefined;
  /** Where the newest commits of this node begin. */
  readonly #ownCommits = new Set<number>();
  #verification: LogVerification | undefined;
  #head: SignedTreeHead;
  #lastCommitMs: number | undefined;
  readonly #ids: SealedIds;
  #failure: string | undefined;
  readonly #closing = new AbortController();

  private constructor(options: StoredLogOptions) {
    const { name, storage, clock, cacheDirectory, database } = options;
    const { identity, journal, shared, state, segmentFiles } = storage;
    const segments = new SealedSegments(storage.segments);
    const reader = new SegmentReader(database, segmentFiles);
    super({
      journal,
      tree: state.tree,
      segments,
      readSegment: (segment, from, to) => reader.readEntries(segment, from, to),
    });
    this.name = name;
    this.#options = options;
    this.#storage = storage;
    this.#segments = segments;
    this.#head = storage.head;
    this.#commits = new Rate(() => clock.monotonicMs());
    this.#events = new Rate(() => clock.monotonicMs());
    this.search = new SearchIndex({
      database,
      segments: storage.segments,
      files: segmentFiles,
      readEntries: (from, to) => this.readEntries(from, to),
    });
    this.sources = new LogSources({
      cachePath: join(cacheDirectory, "sources.json"),
      database,
      segmentFiles,
      segments: () => segments.all,
      readEntries: (from, to) => this.readEntries(from, to),
      treeSize: () => this.#head.treeSize,
      clock,
      onFailure: (error) => options.report({ kind: "failed", what: "reading the sources", error }),
    });
    this.#sealer = new Sealer({
      ...options.sealing,
      segments,
      shelf: storage.shelf,
      journal,
      tree: state.tree,
      search: this.search,
      build: segmentBuild({
        origin: identity.origin,
        journal,
        stagingDirectory: join(cacheDirectory, "staging"),
        tempDirectory: join(cacheDirectory, "sealing"),
      }),
      clock,
      head: () => this.#head,
      readReceivedAtMs: (index) => this.readReceivedAtMs(index),
      onSealed: ({ end }) => {
        shared?.sealedUpTo(end);
        this.#mirrors?.wake();
        this.#verification?.sealed();
      },
      report: options.report,
    });
    this.#ids = new SealedIds({
      state,
      readSegment: (segment) => streamEntryBlocks(segmentFiles, segment),
      clock,
      signal: this.#closing.signal,
      onFailure: (error) =>
        options.report({ kind: "failed", what: "reading the ids of sealed events", error }),
    });
    this.#mirrors = options.openMirrors?.({
      storage,
      segments: () => segments.all,
      isOwn: this.#isOwn,
    });
    const exclusive = new Mutex();
    const follower =
      shared &&
      new Follower({
        journal: shared,
        state,
        identity,
        clock,
        exclusive,
        idlePauseMs: () => options.idlePauseMs(this.#listeners.size > 0),
        onFollowed: (committed) => this.#followed(committed),
        onFailure: (error) => this.#suffer("following the log", error),
        onRecovered: () => {
          this.#failure = undefined;
          options.report({ kind: "recovered", what: "following the log" });
        },
      });
    this.#follower = follower;
    this.#rotation = new KeyRotation({
      identity,
      exclusive,
      head: () => this.#head,
      ...(follower && { catchUp: () => follower.catchUp() }),
    });
    identity.watch({
      failed: (error) => options.report({ kind: "signer_failed", error }),
      recovered: () => options.report({ kind: "signer_recovered" }),
      changed: (keys) => {
        this.#mirrors?.wake();
        options.report({ kind: "keys_changed", keys });
      },
    });
    this.#sequencer = new Sequencer({
      journal,
      state,
      identity,
      clock,
      exclusive,
      head: () => this.#head,
      readEntries: (from, to) => this.readEntries(from, to),
      ...(follower && { others: { catchUp: () => follower.catchUp(), look: () => follower.look() } }),
      onCommitted: (committed) => this.#committed(committed),
      ...(this.#mirrors?.isSync && { assured: (treeSize) => this.#mirrors!.assured(treeSize) }),
      ...(options.onOutcome && { onOutcome: options.onOutcome }),
      onFailure: (error) => {
        if (isStale(error)) options.report({ kind: "stale", error });
      },
      ...(options.limits && { limits: options.limits }),
    });
  }

  /**
   * Serves what its storage holds: compares it with what was acknowledged before, and starts indexing what is hot.
   *
   * @throws VerificationError `consistency_not_proven`, `segment_corrupt`: the node must not serve this log
   */
  static async open(options: StoredLogOptions): Promise<StoredLog> {
    await mkdir(options.cacheDirectory, { recursive: true });
    const { cutTail } = options.storage;
    if (cutTail) options.report({ kind: "tail_cut", cut: cutTail });
    const log = new StoredLog(options);
    try {
      log.#publisher = await options.openPublisher?.(log, options.storage.identity);
      log.#anchorer = options.openAnchorer?.(log, options.storage);
      await log.#start();
    } catch (error) {
      await log.close();
      throw error;
    }
    return log;
  }

  /** What re-reads this log as it is stored; undefined if that is switched off. */
  get verification(): LogVerification | undefined {
    return this.#verification;
  }

  get origin(): string {
    return this.#storage.identity.origin;
  }

  get vkey(): string {
    return this.#storage.identity.vkey;
  }

  keys(): LogKeys {
    return this.#storage.identity.present;
  }

  async rotateKey(current: string): Promise<LogKeys> {
    return await this.#rotation.rotate(current);
  }

  async retireKey(vkey: string): Promise<LogKeys> {
    return await this.#rotation.retire(vkey);
  }

  async append(body: Uint8Array, format: SubmissionFormat): Promise<Acknowledgement> {
    const { pool, receivedClock } = this.#options;
    if (this.#ids.isReading) {
      throw new UnavailableError(
        "log_opening",
        `The log ${this.name} is being opened; send this again in a second`,
        {
          retryAfterMs: 1_000,
        },
      );
    }
    const receivedAt = receivedClock.stamp();
    return await this.#sequencer.submit(() => pool.normalize(body, format, receivedAt), body.length);
  }

  head(): SignedTreeHead {
    return this.#head;
  }

  policy(): Policy | undefined {
    return this.#publisher?.policy;
  }

  /** Has its checkpoints cosigned by a changed policy from now on. @throws MalformedError `policy_unusable` */
  changePolicy(policy: Policy): void {
    this.#publisher?.change(policy);
    this.#options.report({ kind: "policy_changed", witnesses: policy.witnesses.length });
  }

  published(): SignedTreeHead {
    return this.#publisher?.published ?? this.#head;
  }

  /**
   * Calls `listener` with each checkpoint that is newly published, until the returned function is called. Never without a
   * policy: then each head is published, see {@link onCommit}.
   */
  onPublished(listener: (published: SignedTreeHead) => void): () => void {
    return this.#publisher?.onPublished(listener) ?? (() => {});
  }

  followingMs(): number {
    return this.#storage.shared?.confirmedAgoMs ?? 0;
  }

  stateSizes(): StateSizes {
    const { witnessedSize } = this.#publisher?.state ?? NOT_PUBLISHED;
    return { witnessedSize, sealedSize: this.#segments.size };
  }

  status(): LogStatus {
    const { storage } = this.#options;
    const { witnessedSize, publishedMs, witnesses } = this.#publisher?.state ?? NOT_PUBLISHED;
    return {
      name: this.name,
      origin: this.origin,
      treeSize: this.#head.treeSize,
      lastCommitMs: this.#lastCommitMs,
      commitsPerSecond: this.#commits.perSecond,
      eventsPerSecond: this.#events.perSecond,
      journalStart: storage.journal.files[0]?.start ?? this.#head.treeSize,
      sealedSize: this.#segments.size,
      segments: this.#segments.all.length,
      indexedSize: this.search.indexedSize,
      queueBytes: this.#sequencer.queuedBytes,
      followingMs: this.followingMs(),
      writable: this.writable(),
      mirrors: this.#mirrors?.states() ?? [],
      publishedSize: this.published().treeSize,
      publishedMs,
      witnessedSize,
      witnesses,
      verification: this.#verification?.status(),
    };
  }

  async refresh(maxAgeMs: number): Promise<void> {
    await this.#follower?.refresh(maxAgeMs);
  }

  onCommit(listener: (treeSize: number) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#follower?.wake();
    return () => this.#listeners.delete(listener);
  }

  writable(): { readonly ok: true } | { readonly ok: false; readonly reason: string } {
    const opening = this.#ids.isReading ? "the ids of its newest sealed events are being read" : undefined;
    const reason = this.#failure ?? opening ?? this.#sequencer.failure;
    return reason === undefined ? { ok: true } : { ok: false, reason };
  }

  /** Seals what is due now; for tests and for orderly shutdown nobody needs it. */
  async seal(): Promise<void> {
    await this.#sealer.sealDue();
  }

  /** Commits what was submitted, then lets go of everything. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#verification?.close();
    await this.#sequencer.close();
    await this.#follower?.close();
    await this.#anchorer?.close();
    await this.#publisher?.close();
    await this.#mirrors?.close();
    await this.#sealer.close();
    await this.sources.close();
    await this.search.close();
    await this.#ids.settled();
    await this.#storage.mark.close();
    await this.#storage.journal.close();
  }

  async #start(): Promise<void> {
    const { identity, state, mark, journal, segments } = this.#storage;
    const { size } = state.tree;
    const { head } = mark;
    if (head && head.treeSize > 0 && head.treeSize < size) {
      const proof = await this.proveConsistency(head.treeSize, size);
      verifyConsistency(proof, head, this.#head, nativeHasher);
    }
    mark.set(this.#head);
    if (size > 0) {
      this.#lastCommitMs = await this.readReceivedAtMs(size - 1);
      this.#options.receivedClock.advanceTo(this.#lastCommitMs);
    }
    const { clock, report } = this.#options;
    if (this.#follower) this.#ids.readInBackground(segments);
    else await this.#ids.read(segments);
    this.search
      .rebuild(journal.files)
      .catch((error: unknown) => report({ kind: "failed", what: "index rebuild", error }));
    if (this.#follower) {
      this.#follower.start();
      void followKeys({
        identity,
        clock,
        signal: this.#closing.signal,
        onFailure: (error) => report({ kind: "failed", what: "reading the keys of the log", error }),
      });
    }
    this.#mirrors?.start();
    this.#publisher?.start();
    this.#anchorer?.start();
    this.#sealer.start();
    this.#verification = await this.#options.openVerification?.(this.#verifiedLog());
    this.#verification?.start();
    this.sources.start();
  }

  #verifiedLog(): VerifiedLog {
    const { storage } = this.#options;
    const { identity, copy, state, segmentFiles, shared } = storage;
    return {
      name: this.name,
      origin: identity.origin,
      vkey: () => identity.vkey,
      keys: identity.keys,
      copies: [{ copy, anchors: storage.anchors, sizeMin: () => this.#head.treeSize }],
      tree: state.tree,
      head: () => this.#head,
      segments: () => this.#segments.all,
      journalStart: () => storage.journal.files[0]?.start ?? this.#head.treeSize,
      files: segmentFiles,
      search: this.search,
      readEntries: (from, to) => this.readEntries(from, to),
      isOwn: this.#isOwn,
      claim: (work, period) => storage.claimPeriod(work, period),
      isShared: shared !== undefined,
      mirroredSize: (place) =>
        this.#mirrors?.states().find((mirror) => mirror.place === place)?.mirroredSize ?? 0,
    };
  }

  /** Whether this node made the commit, or the segment, that begins at `start`. */
  readonly #isOwn = (kind: "commit" | "segment", start: number): boolean =>
    !this.#options.storage.shared ||
    (kind === "commit" ? this.#ownCommits.has(start) : this.#sealer.hasSealed(start));

  async #committed(committed: Committed): Promise<void> {
    this.#failure = undefined;
    this.#ownCommits.add(committed.start);
    if (this.#ownCommits.size > OWN_COMMITS_MAX)
      this.#ownCommits.delete(this.#ownCommits.values().next().value!);
    await this.#takeOver(committed);
  }

  async #followed(committed: Committed): Promise<void> {
    this.#sequencer.foreignCommit();
    await this.#takeOver(committed);
  }

  async #takeOver({ start, count, head, lines }: Committed): Promise<void> {
    this.#head = head;
    this.#lastCommitMs = this.#options.clock.nowMs();
    this.#commits.add(1);
    this.#events.add(count);
    this.#storage.mark.set(head);
    this.#mirrors?.wake();
    this.#publisher?.wake();
    this.#verification?.committed(start, head);
    this.sources.committed(start, count, lines);
    for (const listener of this.#listeners) listener(head.treeSize);
    this.#sealer.wake();
    await this.search.append(start, count, lines);
    await this.#sealer.room();
  }

  #suffer(what: string, error: unknown): void {
    this.#failure = error instanceof Error ? error.message : String(error);
    if (this.#closing.signal.aborted) return;
    this.#options.report(isStale(error) ? { kind: "stale", error } : { kind: "failed", what, error });
  }
}

function isStale(error: unknown): boolean {
  return error instanceof UnavailableError && error.code === "log_stale";
}
