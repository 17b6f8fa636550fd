import { UnavailableError } from "@stele/proof";
import {
  Follower,
  KeyRotation,
  MemoryJournal,
  Mutex,
  parseSegmentRecord,
  ReadableLog,
  ReceivedClock,
  recoveredHead,
  recoverShared,
  SealedIds,
  SealedSegments,
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
  type SignedTreeHead,
  type Vault,
} from "@stele/server/protocol";
import type { History } from "./history.ts";
import type { Prng } from "./prng.ts";
import type { SimProcess } from "./sim-process.ts";
import { buildSegment, copiesIn } from "./sim-segments.ts";

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

/** One log as a simulated node serves it: the node's own parts, put together as StoredLog does. */
export class SimLog extends ReadableLog {
  readonly #options: SimLogOptions;
  readonly #recovery: Recovery;
  readonly #segments: SealedSegments;
  readonly #follower: Follower;
  readonly #sequencer: Sequencer;
  readonly #rotation: KeyRotation;
  readonly #sealer: Sealer;
  readonly #receivedClock: ReceivedClock;
  #head: SignedTreeHead;
  readonly #ids: SealedIds;
  readonly #closing = new AbortController();

  private constructor(options: SimLogOptions, recovery: Recovery, head: SignedTreeHead) {
    const { process, identity, objects, vault, disk, prng, history } = options;
    const { clock } = process;
    const { journal, state, records } = recovery;
    const sealed = records.map(({ segment }) => segment);
    const segments = new SealedSegments(sealed);
    const readSegment = (segment: Segment, from: number, to: number) =>
      readLines(segment, from, to, disk, vault);
    super({ journal, tree: state.tree, segments, readSegment });
    this.#options = options;
    this.#recovery = recovery;
    this.#segments = segments;
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
      segments,
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
      readReceivedAtMs: (index) => this.readReceivedAtMs(index),
      onSealed: ({ end }) => journal.sealedUpTo(end),
      report: (event) => {
        if (event.kind === "failed") options.report(event.what, event.error);
      },
    });
    this.#ids = new SealedIds({
      state,
      readSegment: async function* (segment) {
        const { start, end } = segment;
        yield { start, entries: await readSegment(segment, start, end) };
      },
      clock,
      signal: this.#closing.signal,
      onFailure: (error) => options.report("reading the ids of sealed events", error),
    });
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
    this.#ids.readInBackground(sealed);
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
    return this.#segments.size;
  }

  async append(body: Uint8Array): Promise<Acknowledgement> {
    if (this.#ids.isReading) throw new UnavailableError("log_opening", "The log is being opened");
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

  async close(): Promise<void> {
    this.#closing.abort();
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

  async #build(plan: SegmentPlan): Promise<{ segment: DescribedSegment; path: string }> {
    const { identity, disk, process, prng } = this.#options;
    await process.clock.sleep(prng.between(10, 2_000));
    const entries = await this.#recovery.journal.readEntries(plan.start, plan.end);
    return buildSegment(plan, entries, identity.origin, disk.files);
  }
}

/** From the node's own copy of a segment, or from the vault. */
async function readLines(
  { key, start, lengthBytes }: Segment,
  from: number,
  to: number,
  disk: Disk,
  vault: Vault,
): Promise<Uint8Array[]> {
  const bytes = disk.files.get(key) ?? Buffer.from(await vault.get({ key }, 0, lengthBytes));
  const lines = bytes.toString("latin1").split("\n");
  return lines.slice(from - start, to - start).map((line) => Buffer.from(line, "latin1"));
}
