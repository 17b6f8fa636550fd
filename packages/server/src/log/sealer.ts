import { equalBytes, InvariantError, TILE_WIDTH, VerificationError } from "@stele/proof";
import type { SearchIndex } from "../search/search-index.ts";
import type { DescribedSegment, Segment } from "../search/segment.ts";
import type { Journal } from "../store/journal.ts";
import type { SignedTreeHead } from "./audit-log.ts";
import type { Clock } from "./clock.ts";
import type { LogReport } from "./log-report.ts";
import type { SegmentShelf } from "./log-storage.ts";
import type { SealedSegments } from "./sealed-segments.ts";
import type { TreeStore } from "./tree-store.ts";

/** How often the age of hot entries is looked at, and whether something can be trimmed. */
const CHECK_MS = 5_000;
const RETRY_MS = 30_000;
/** While another node seals. */
const WAIT_MS = 1_000;
/** Commits wait once so many segments' worth of entries are hot: each costs memory until it is sealed. */
const HOT_SEGMENTS_MAX = 8;

/** What a segment is made of, besides the journal. */
export interface SegmentPlan {
  /** Leaf indexes `[start, end)`. */
  readonly start: number;
  readonly end: number;
  readonly suffix: string | undefined;
  readonly subtreeHashes: Uint8Array;
  readonly checkpoint: string;
}

/** Builds a segment of journal entries in a file of its own, at `path`. */
export type BuildSegment = (plan: SegmentPlan) => Promise<{ segment: DescribedSegment; path: string }>;

export interface SealerOptions {
  /** A segment is sealed once there are so many hot entries; a multiple of 256. */
  readonly segmentEntries: number;
  /** Hot entries older than this are sealed though they are fewer. */
  readonly sealAfterMs: number;
  /** Those that are there; it adds the new ones. */
  readonly segments: SealedSegments;
  readonly shelf: SegmentShelf;
  readonly journal: Journal;
  readonly tree: TreeStore;
  readonly search: Pick<SearchIndex, "addSegment">;
  readonly build: BuildSegment;
  readonly clock: Clock;
  /** Told of each segment once it counts, whoever sealed it. */
  readonly onSealed?: (segment: Segment) => void;
  readonly head: () => SignedTreeHead;
  /** When an entry was received (Unix milliseconds). */
  readonly readReceivedAtMs: (leafIndex: number) => Promise<number>;
  readonly report: (event: LogReport) => void;
}

/** Turns hot entries into segments in the background, one at a time, and trims the journal behind them. */
export class Sealer {
  readonly #options: SealerOptions;
  readonly #segments: SealedSegments;
  #running: Promise<void> | undefined;
  readonly #closing = new AbortController();
  /** When the oldest hot entry was received, once that was looked up. */
  #oldestHotAtMs: number | undefined;
  /** On the monotonic clock. */
  #retryAtMs = -Infinity;
  #progress = Promise.withResolvers<void>();
  readonly #own = new Set<number>();

  constructor(options: SealerOptions) {
    this.#options = options;
    this.#segments = options.segments;
  }

  /** Whether this node has sealed from `start` on since it started. */
  hasSealed(start: number): boolean {
    return this.#own.has(start);
  }

  start(): void {
    this.#checkAge();
    void this.#checkNowAndThen();
  }

  /** Looks whether something is due; returns at once. Called after each commit. */
  wake(): void {
    const { clock } = this.#options;
    if (this.#running || this.#closed || this.#due() === undefined) return;
    if (clock.monotonicMs() < this.#retryAtMs) return;
    this.#running = this.sealDue()
      .catch((error: unknown) => {
        this.#retryAtMs = clock.monotonicMs() + RETRY_MS;
        this.#options.report({ kind: "failed", what: "sealing", error });
      })
      .finally(() => (this.#running = undefined));
  }

  /** Resolves when there is room for more hot entries: at once, unless sealing is far behind. */
  async room(): Promise<void> {
    const { segmentEntries, head } = this.#options;
    while (!this.#closed && head().treeSize - this.#segments.size > HOT_SEGMENTS_MAX * segmentEntries) {
      this.wake();
      await this.#progress.promise;
    }
  }

  /** Seals as long as something is due. */
  async sealDue(): Promise<void> {
    for (let end = this.#due(); end !== undefined && !this.#closed; end = this.#due()) {
      if (await this.#seal(end)) continue;
      const { clock } = this.#options;
      this.#retryAtMs = clock.monotonicMs() + WAIT_MS;
      void clock.sleep(WAIT_MS + 1, this.#closing.signal).then(() => this.wake());
      return;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#tellProgress();
    await this.#running;
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Where the next segment would end, if one is due. */
  #due(): number | undefined {
    const { segmentEntries, sealAfterMs, head, clock } = this.#options;
    const hot = head().treeSize - this.#segments.size;
    if (hot >= segmentEntries) return this.#segments.size + segmentEntries;
    const oldEnough = this.#oldestHotAtMs !== undefined && clock.nowMs() - this.#oldestHotAtMs >= sealAfterMs;
    if (hot < TILE_WIDTH || !oldEnough) return undefined;
    return this.#segments.size + hot - (hot % TILE_WIDTH);
  }

  #tellProgress(): void {
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }

  /** What was sealed long enough ago; after a failure, the next time. */
  #trim(): void {
    const { journal, report } = this.#options;
    if (this.#running || this.#closed) return;
    this.#running = journal
      .trim(this.#segments.size)
      .catch((error: unknown) => report({ kind: "failed", what: "trimming the journal", error }))
      .finally(() => (this.#running = undefined));
  }

  async #checkNowAndThen(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    for (await clock.sleep(CHECK_MS, signal); !this.#closed; await clock.sleep(CHECK_MS, signal)) {
      this.#checkAge();
      this.#trim();
    }
  }

  #checkAge(): void {
    const { head, readReceivedAtMs, report } = this.#options;
    if (this.#oldestHotAtMs !== undefined || head().treeSize === this.#segments.size) {
      this.wake();
      return;
    }
    readReceivedAtMs(this.#segments.size).then(
      (ms) => {
        this.#oldestHotAtMs = ms;
        this.wake();
      },
      (error: unknown) => report({ kind: "failed", what: "looking up the oldest hot entry", error }),
    );
  }

  /** Seals up to `end`, or takes over what another node has sealed; returns whether there is a new segment. */
  async #seal(end: number): Promise<boolean> {
    const { shelf, clock } = this.#options;
    const start = this.#segments.size;
    const found = await shelf.find(start);
    if (found) return await this.#take(found);
    if (!(await shelf.claim(start))) return false;
    const startedMs = clock.monotonicMs();
    const segment = await this.#build(start, end);
    const taken = await this.#take(segment);
    this.#options.report({ kind: "sealed", segment, seconds: (clock.monotonicMs() - startedMs) / 1000 });
    return taken;
  }

  async #build(start: number, end: number): Promise<Segment> {
    const { shelf, journal, tree, head, build } = this.#options;
    const { segment, path } = await build({
      start,
      end,
      suffix: shelf.newSuffix(),
      subtreeHashes: tree.subtreeHashes(start, end),
      checkpoint: Buffer.from(head().note).toString(),
    });
    const resume = await firstCommit(journal, end - 1);
    const published = await shelf.publish(segment, path, resume);
    if (published.key === segment.key) this.#own.add(start);
    return published;
  }

  /** Takes over a segment that counts, once its entries are known here: they must be the same. */
  async #take(segment: Segment): Promise<boolean> {
    const { journal, tree, search, head, onSealed } = this.#options;
    const { start, end, subtreeHashes } = segment;
    if (end > head().treeSize) return false;
    if (!equalBytes(subtreeHashes, tree.subtreeHashes(start, end))) {
      throw new VerificationError(
        "segment_not_authentic",
        `The segment ${segment.key} does not hold the entries [${start}, ${end}) that were signed`,
        { start, end },
      );
    }
    await search.addSegment(segment);
    this.#segments.add(segment);
    tree.dropLeaves(end);
    await journal.trim(end);
    this.#oldestHotAtMs = undefined;
    this.#tellProgress();
    onSealed?.(segment);
    return true;
  }
}

/** Where the commit begins that holds an entry. */
async function firstCommit(journal: Journal, leafIndex: number): Promise<number> {
  for await (const { start } of journal.readCommits(leafIndex)) return start;
  throw new InvariantError("commit_unknown", `The journal does not hold entry ${leafIndex}`);
}
