import { createHash } from "node:crypto";
import type { Clock } from "../log/clock.ts";
import { formatCommit } from "../store/commit.ts";
import type { Journal, StoredCommit } from "../store/journal.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { logKeys } from "../store/store.ts";
import { Bell } from "./bell.ts";
import type { Persistence } from "./persistence.ts";
import { placeObject, type Conflict } from "./place-object.ts";

/** Commits that are on their way at the same time: a mirror may be far away. They bound the memory. */
const WINDOW_COMMITS = 8;
const WINDOW_BYTES = 32 * 1024 * 1024;
/** While a commit of another node is not there yet. */
const LOOK_MS = 100;

export interface CommitMirrorOptions {
  /** The node's own journal, or its copy of the shared one: what it holds was verified. */
  readonly journal: Pick<Journal, "end" | "readCommits">;
  /** The mirror's. */
  readonly objects: ObjectStore;
  /** Brings over what tells of the keys that commits are signed with. */
  readonly bringKeys: () => Promise<void>;
  /** Whether this node made the commit that begins here. Other nodes bring over theirs. */
  readonly isOwn: (start: number) => boolean;
  /** How long the node that made a commit may take to bring it over (milliseconds), from when it was seen here. */
  readonly ownerGraceMs: number;
  /** How long ago this node first saw the commit that begins here (milliseconds). */
  readonly seenAgoMs: (start: number) => number;
  readonly clock: Clock;
  /** For what depends on the mirror. */
  readonly persistence: Persistence;
  /** For reading the journal. */
  readonly reading: Persistence;
  readonly onProgress: () => void;
  readonly onConflict: (conflict: Conflict) => void;
  readonly signal: AbortSignal;
}

interface Travelling {
  readonly end: number;
  readonly lengthBytes: number;
  readonly arrived: Promise<void>;
  done: boolean;
}

/** Brings the commits of one log to one mirror, in their order but several at a time. */
export class CommitMirror {
  readonly #options: CommitMirrorOptions;
  readonly #bell = new Bell();
  readonly #window: Travelling[] = [];
  #windowBytes = 0;
  /** What was begun by now ends here. */
  #next = 0;
  #from = 0;
  #hasBegun = false;
  #skippedTo = 0;
  #to = 0;
  /** Commits that differ, by where they begin, with the SHA-256 that they should have. */
  readonly #conflicts = new Map<number, string>();

  constructor(options: CommitMirrorOptions) {
    this.#options = options;
  }

  /** Commits from here on are compared; what is before was trimmed from the journal, and is in segments. */
  get from(): number {
    return this.#from;
  }

  /** What was trimmed here, while the mirror was away, before it was brought over, ends here: it comes in segments. */
  get skippedTo(): number {
    return this.#skippedTo;
  }

  /** The commits `[from, to)` of the mirror are surely the primary's, byte for byte. */
  get to(): number {
    return Math.min(this.#to, ...this.#conflicts.keys());
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
    const { signal, reading } = this.#options;
    signal.addEventListener("abort", () => this.#bell.ring());
    while (!signal.aborted) {
      this.#bell.rearm();
      await reading.until(() => this.#fill());
      const first = this.#window.slice(0, 1).map(({ arrived }) => arrived);
      await Promise.race(this.#hasRoom() ? [...first, this.#bell.rung()] : first);
      this.#advance();
    }
    await Promise.all(this.#window.map(({ arrived }) => arrived));
  }

  /** Looks again at the commits that differ: somebody may have taken the wrong one away. */
  async recheck(): Promise<void> {
    const { objects } = this.#options;
    for (const [start, sha256] of this.#conflicts) {
      const found = await objects.get(logKeys.commit(start));
      if (found && createHash("sha256").update(found).digest("hex") === sha256) this.#conflicts.delete(start);
    }
    this.#options.onProgress();
  }

  #hasRoom(): boolean {
    return this.#window.length < WINDOW_COMMITS && this.#windowBytes < WINDOW_BYTES;
  }

  async #fill(): Promise<void> {
    const { journal } = this.#options;
    const isLater = this.#hasBegun;
    this.#hasBegun = true;
    if (!this.#hasRoom() || this.#next >= journal.end) return;
    let isFirst = true;
    for await (const commit of journal.readCommits(this.#next)) {
      if (commit.start > this.#next) {
        // Trimmed meanwhile: the first one that is left tells up to where. What is before comes in segments.
        if (!isFirst || this.#window.length > 0) return;
        this.#from = commit.start;
        this.#to = commit.start;
        if (isLater) this.#skippedTo = commit.start;
      }
      this.#send(commit);
      if (!this.#hasRoom()) return;
      isFirst = false;
    }
  }

  #send(commit: StoredCommit): void {
    const { start, count, entryLines } = commit;
    // A copy: the lines are valid until the next commit is asked for.
    const bytes = Buffer.concat(formatCommit({ ...commit, lines: [entryLines] }));
    const travelling: Travelling = {
      end: start + count,
      lengthBytes: bytes.length,
      done: false,
      arrived: this.#bring(start, bytes).then(
        () => void (travelling.done = true),
        () => undefined, // The signal is aborted: it never arrives.
      ),
    };
    this.#window.push(travelling);
    this.#windowBytes += bytes.length;
    this.#next = travelling.end;
  }

  #advance(): void {
    const before = this.to;
    while (this.#window[0]?.done) {
      const { end, lengthBytes } = this.#window.shift()!;
      this.#to = end;
      this.#windowBytes -= lengthBytes;
    }
    if (this.to !== before) this.#options.onProgress();
  }

  async #bring(start: number, bytes: Buffer): Promise<void> {
    const { objects, isOwn, persistence, onConflict, bringKeys } = this.#options;
    const key = logKeys.commit(start);
    const present = isOwn(start) ? undefined : await this.#awaitOwner(start, key);
    const placed = await persistence.until(async () => {
      await bringKeys();
      return await placeObject(objects, key, bytes, present);
    });
    if (placed.outcome !== "conflict") return;
    this.#conflicts.set(start, placed.sha256);
    onConflict(placed);
  }

  /** What its owner brought over; undefined if that took too long. */
  async #awaitOwner(start: number, key: string): Promise<Buffer | undefined> {
    const { objects, clock, ownerGraceMs, seenAgoMs, persistence, signal } = this.#options;
    for (let pauseMs = LOOK_MS; ; pauseMs *= 2) {
      const found = await persistence.until(() => objects.get(key));
      const leftMs = ownerGraceMs - seenAgoMs(start);
      if (found || leftMs <= 0) return found;
      await clock.sleep(Math.min(pauseMs, leftMs), signal);
    }
  }
}
