import { proveInclusion, tileHashReader, parseTile, MalformedError, UnavailableError } from "@stele/proof";
import {
  EntryBlocks,
  Follower,
  KeyRotation,
  MemoryJournal,
  Mutex,
  nativeHasher,
  parseSegmentRecord,
  ReceivedClock,
  recoveredHead,
  recoverShared,
  Sealer,
  SegmentCatalog,
  Sequencer,
  SharedShelf,
  type Acknowledgement,
  type Committed,
  type DescribedSegment,
  type EventNormalizer,
  type IdHashSeed,
  type KeptCommits,
  type LogIdentity,
  type ObjectStore,
  type Segment,
  type SegmentPlan,
  type SegmentRecord,
  type SignedTreeHead,
  type Vault,
} from "@stele/server/protocol";
import type { History } from "./history.ts";
import type { Prng } from "./prng.ts";
import type { SimProcess } from "./sim-process.ts";
import { buildSegment, copiesIn, receivedAtMs } from "./sim-segments.ts";

/** What a machine keeps over restarts. */
export interface Disk {
  /** The node's copy of the journal. */
  copy: KeptCommits;
  mark: SignedTreeHead | undefined;
  /** Segments that are being built or were adopted, by path. */
  readonly files: Map<string, Buffer>;
}

export interface SimLogOptions {
  readonly process: SimProcess;
  readonly disk: Disk;
  readonly objects: ObjectStore;
  readonly vault: Vault;
  readonly identity: LogIdentity;
  readonly idHashSeed: IdHashSeed;
  readonly normalizer: EventNormalizer;
  readonly prng: Prng;
  readonly history: History;
  readonly trimDelayMs: number;
  readonly segmentEntries: number;
  readonly sealAfterMs: number;
  readonly commitTimeoutMs: number;
  /** Whether the copy can't be written now. */
  readonly isDiskFull: () => boolean;
  /** Told of what happens in the background. `stale`: it has to be opened anew. */
  readonly report: (what: string, error: unknown) => void;
  readonly recover: typeof recoverShared;
}

type Recovery = Awaited<ReturnType<typeof recoverShared>>;

const IDLE_PAUSE_MS = 550;
const RETRY_MS = 1_000;

/** One log as a simulated node serves it: the node's own parts, put together as StoredLog does. */
export class SimLog {
  readonly #options: SimLogOptions;
  readonly #recovery: Recovery;
  readonly #blocks: EntryBlocks;
  readonly #follower: Follower;
  readonly #sequencer: Sequencer;
  readonly #rotation: KeyRotation;
  readonly #sealer: Sealer;
  readonly #receivedClock: ReceivedClock;
  #head: SignedTreeHead;
  #knowsIds = false;
  #isClosed = false;

  private constructor(options: SimLogOptions, recovery: Recovery, head: SignedTreeHead) {
    const { process, identity, objects, vault, disk, prng, history } = options;
    const { clock } = process;
    const { journal, state, records } = recovery;
    this.#options = options;
    this.#recovery = recovery;
    this.#receivedClock = new ReceivedClock(() => clock.nowMs());
    this.#head = head;
    history.serves(process.name, this.#head.treeSize, this.#head.root, this.#head.note);
    const catalog = new SegmentCatalog({
      objects,
      clock,
      random: () => prng.next(),
      sealEnd: (note, start) =>
        identity.trying((keys) => parseSegmentRecord(note, keys, objects.place, start).segment.end),
    });
    this.#sealer = new Sealer({
      segmentEntries: options.segmentEntries,
      sealAfterMs: options.sealAfterMs,
      segments: records.map(({ segment }) => segment),
      shelf: new SharedShelf({
        identity,
        catalog,
        vault,
        place: objects.place,
        retainUntilMs: () => clock.nowMs() + 1_000_000,
        newSuffix: () => prng.hex(4),
        claimText: () => process.name,
        copies: copiesIn(disk.files),
      }),
      journal,
      tree: state.tree,
      search: { addSegment: async () => Promise.resolve() },
      build: (plan) => this.#build(plan),
      clock,
      head: () => this.#head,
      readReceivedAtMs: async (index) => receivedAtMs((await this.readEntries(index, index + 1))[0]!),
      onSealed: ({ end }) => journal.sealedUpTo(end),
      report: (event) => {
        if (event.kind === "failed") options.report(event.what, event.error);
      },
    });
    this.#blocks = new EntryBlocks(state.tree, (from, to) =>
      this.#readSealed(this.#sealer.segmentOf(from), from, to),
    );
    const exclusive = new Mutex();
    const follower = new Follower({
      journal,
      state,
      identity,
      clock,
      exclusive,
      idlePauseMs: () => IDLE_PAUSE_MS,
      onFollowed: (committed) => this.#followed(committed),
      onFailure: (error) => options.report("following the log", error),
      onRecovered: () => undefined,
    });
    this.#follower = follower;
    this.#rotation = new KeyRotation({
      identity,
      exclusive,
      head: () => this.#head,
      catchUp: () => follower.catchUp(),
    });
    this.#sequencer = new Sequencer({
      journal,
      state,
      identity,
      clock,
      exclusive,
      head: () => this.#head,
      readEntries: (from, to) => this.readEntries(from, to),
      others: { catchUp: () => follower.catchUp(), look: () => follower.look() },
      onCommitted: (committed) => this.#takeOver(committed),
      onFailure: (error) => options.report("committing", error),
      limits: { commitTimeoutMs: options.commitTimeoutMs },
      random: () => prng.next(),
      randomId: () => prng.hex(16),
    });
    follower.start();
    this.#sealer.start();
    void this.#rememberIds(records);
  }

  /** @throws what `recoverShared` and `recoveredHead` throw */
  static async open(options: SimLogOptions): Promise<SimLog> {
    const { identity, objects, process, disk, trimDelayMs, idHashSeed, isDiskFull } = options;
    await identity.refresh();
    const recovery = await options.recover({
      identity,
      objects,
      clock: process.clock,
      trimDelayMs,
      idHashSeed,
      readRecord: async (key) => {
        const note = await objects.get(key);
        return await identity.trying((keys) => parseSegmentRecord(note!, keys, key));
      },
      openCopy: async (start, visit) =>
        MemoryJournal.open(disk.copy, {
          start,
          visit,
          beforeWrite: () => {
            if (isDiskFull()) throw new UnavailableError("storage_full", "The disk is full");
          },
        }),
      dropCopy: async () => {
        disk.copy = [];
      },
    });
    const { state } = recovery;
    identity.expire();
    const head = await recoveredHead(identity, state.tree, state.newest?.checkpoint, disk.mark);
    return new SimLog(options, recovery, head);
  }

  head(): SignedTreeHead {
    return this.#head;
  }

  get sealedSize(): number {
    return this.#sealer.sealedSize;
  }

  async append(body: Uint8Array): Promise<Acknowledgement> {
    if (!this.#knowsIds) throw new UnavailableError("log_opening", "The log is being opened");
    const { normalizer } = this.#options;
    const receivedAt = this.#receivedClock.stamp();
    return await this.#sequencer.submit(
      async () => normalizer.normalize(body, "ndjson", receivedAt),
      body.length,
    );
  }

  /** Retires the oldest key that is still in use beside the newest; else makes a new one. Says which it did. */
  async changeKeys(): Promise<string> {
    const { keys } = this.#options.identity.present;
    const old = keys.slice(0, -1).find(({ toSize }) => toSize === Number.MAX_SAFE_INTEGER);
    if (old) {
      await this.#rotation.retire(old.vkey);
      return `retired ${old.vkey}`;
    }
    await this.#rotation.rotate(keys.at(-1)!.vkey);
    return `declared ${this.#options.identity.vkey}`;
  }

  async readEntries(from: number, to: number): Promise<Uint8Array[]> {
    const sealed = Math.min(to, this.#sealer.sealedSize);
    const entries = await this.#blocks.entries(from, sealed);
    const hot = from + entries.length;
    if (hot < to) entries.push(...(await this.#readHot(hot, to)));
    return entries;
  }

  async proveInclusion(leafIndex: number, treeSize: number): Promise<Uint8Array[]> {
    const { tree } = this.#recovery.state;
    const reader = tileHashReader(
      treeSize,
      async ({ level, index, width }) => {
        const hashes = tree.tile(level, index, width);
        return parseTile(hashes ?? (await this.#blocks.get(index)).leafHashes.slice(0, width * 32), width);
      },
      nativeHasher,
    );
    return await proveInclusion(leafIndex, treeSize, reader, nativeHasher);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#sequencer.close();
    await this.#follower.close();
    await this.#sealer.close();
    await this.#recovery.journal.close();
  }

  async #takeOver(committed: Committed): Promise<void> {
    const { disk, history, process } = this.#options;
    history.takenOver(process.name, committed);
    this.#head = committed.head;
    disk.mark = committed.head;
    this.#sealer.wake();
    await this.#sealer.room();
  }

  async #followed(committed: Committed): Promise<void> {
    this.#sequencer.foreignCommit();
    await this.#takeOver(committed);
  }

  async #rememberIds(records: readonly SegmentRecord[]): Promise<void> {
    const { report, process } = this.#options;
    while (!this.#isClosed) {
      try {
        for (const { segment } of records) {
          const entries = await this.#readSealed(segment, segment.start, segment.end);
          for (const [i, entry] of entries.entries()) {
            this.#recovery.state.addId(segment.start + i, entry, 0);
          }
        }
        this.#knowsIds = true;
        return;
      } catch (error) {
        report("reading the ids of sealed events", error);
        await process.clock.sleep(RETRY_MS);
      }
    }
  }

  async #readHot(from: number, to: number): Promise<Uint8Array[]> {
    try {
      return await this.#recovery.journal.readEntries(from, to);
    } catch (error) {
      const isTrimmed = error instanceof MalformedError && this.#sealer.sealedSize > from;
      if (!isTrimmed) throw error;
      return await this.readEntries(from, to);
    }
  }

  /** From the node's own copy of a segment, or from the vault. */
  async #readSealed({ key, start, lengthBytes }: Segment, from: number, to: number): Promise<Uint8Array[]> {
    const { vault, disk } = this.#options;
    const bytes = disk.files.get(key) ?? Buffer.from(await vault.get({ key }, 0, lengthBytes));
    const lines = bytes.toString("latin1").split("\n");
    return lines.slice(from - start, to - start).map((line) => Buffer.from(line, "latin1"));
  }

  async #build(plan: SegmentPlan): Promise<{ segment: DescribedSegment; path: string }> {
    const { identity, disk, process, prng } = this.#options;
    await process.clock.sleep(prng.between(10, 2_000));
    const entries = await this.#recovery.journal.readEntries(plan.start, plan.end);
    return buildSegment(plan, entries, identity.origin, disk.files);
  }
}
