import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Vault } from "../store/vault.ts";
import { CachedSegmentFiles } from "./cached-segment-files.ts";
import { CachedSegment, type CacheRoom } from "./cached-segment.ts";
import { parseSegmentFileName } from "./segment.ts";
import { Semaphore } from "./semaphore.ts";
import { TEMPORARY_SUFFIX } from "./sparse-file.ts";

export interface SegmentCacheOptions {
  /** For nothing else; `<log>/<key>` are the files in it. DuckDB must be allowed to read there. */
  readonly directory: string;
  /** How much of the disk it may take. Twice the largest segment at least. */
  readonly cacheBytes: number;
  /** Requests to vaults at the same time, 16 unless told. */
  readonly requestsMax?: number;
}

/** What metrics show. Counts since the process began. */
export interface SegmentCacheCounters {
  readonly requests: number;
  readonly fetchedBytes: number;
  /** Parts of segments that were asked for and were there, or had to be fetched. */
  readonly hits: number;
  readonly misses: number;
  /** Of the disk, now. */
  readonly usedBytes: number;
}

/** One use of the cache takes a quarter of it at most, if it can be divided: so some run at the same time. */
const USES_AT_ONCE = 4;
const REQUESTS_MAX = 16;
/** Uses that may wait until others are done. */
const WAITING_MAX = 256;

/**
 * What a node has of the segments of all its logs, on its disk. What was not used for longest goes first: entries before
 * typed columns, and never what is in use. After a restart, what is found is verified again before it is used.
 */
export class SegmentCache {
  readonly bytesAtOnce: number;
  readonly #directory: string;
  readonly #cacheBytes: number;
  /** By path, used last at the end. */
  readonly #files = new Map<string, CachedSegment>();
  readonly #requests: Semaphore;
  readonly #uses: Semaphore;
  readonly #logs: CachedSegmentFiles[] = [];
  #reservedBytes = 0;
  #evicting: Promise<void> = Promise.resolve();
  readonly #counters = { requests: 0, fetchedBytes: 0, hits: 0, misses: 0 };

  private constructor({ directory, cacheBytes, requestsMax = REQUESTS_MAX }: SegmentCacheOptions) {
    this.#directory = directory;
    this.#cacheBytes = cacheBytes;
    this.bytesAtOnce = Math.floor(cacheBytes / USES_AT_ONCE);
    this.#requests = new Semaphore(requestsMax);
    this.#uses = new Semaphore(cacheBytes, WAITING_MAX);
  }

  static async open(options: SegmentCacheOptions): Promise<SegmentCache> {
    const cache = new SegmentCache(options);
    await cache.#find();
    await cache.#makeRoom();
    return cache;
  }

  /** The segments of one log. */
  forLog(name: string, vault: Vault): CachedSegmentFiles {
    const files = new CachedSegmentFiles(this, name, vault);
    this.#logs.push(files);
    return files;
  }

  /** Resolves when nothing is in use. */
  async close(): Promise<void> {
    for (const files of this.#logs) await files.close();
  }

  get counters(): SegmentCacheCounters {
    return { ...this.#counters, usedBytes: this.#usedBytes };
  }

  file(log: string, key: string): CachedSegment {
    return this.#file(join(this.#directory, log, key));
  }

  /** Runs `work` while these files are not evicted, when there is room for the bytes that it needs of them. */
  async holding<T>(files: readonly CachedSegment[], lengthBytes: number, work: () => Promise<T>): Promise<T> {
    return await this.#uses.run(lengthBytes, async () => {
      for (const file of files) file.users++;
      try {
        return await work();
      } finally {
        for (const file of files) {
          file.users--;
          this.#files.delete(file.path);
          this.#files.set(file.path, file);
        }
        await this.#makeRoom();
      }
    });
  }

  /** Looks whether a file is still what was verified. Does not count as using it. */
  async recheck(log: string, key: string): Promise<string | undefined> {
    const file = this.#files.get(join(this.#directory, log, key));
    if (!file) return undefined;
    file.users++; // it is not evicted meanwhile
    try {
      return await file.recheck();
    } finally {
      file.users--;
    }
  }

  /** Counts a request to a vault, and bounds how many run. */
  async request(fetch: () => Promise<Uint8Array>, take: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    await this.#requests.run(1, async () => {
      this.#counters.requests++;
      const bytes = await fetch();
      this.#counters.fetchedBytes += bytes.length;
      await take(bytes);
    });
  }

  get #usedBytes(): number {
    return [...this.#files.values()].reduce((sum, { diskBytes }) => sum + diskBytes, 0);
  }

  readonly #room: CacheRoom = {
    making: async (lengthBytes, work) => {
      this.#reservedBytes += lengthBytes;
      try {
        await this.#makeRoom();
        return await work();
      } finally {
        this.#reservedBytes -= lengthBytes;
      }
    },
    count: (hit) => {
      this.#counters[hit ? "hits" : "misses"]++;
    },
  };

  /** One at a time: each looks at what the one before left. */
  async #makeRoom(): Promise<void> {
    const evicting = this.#evicting.then(async () => {
      while (this.#usedBytes + this.#reservedBytes > this.#cacheBytes) {
        const idle = [...this.#files.values()].filter((file) => file.users === 0 && file.diskBytes > 0);
        const victim = idle.find(({ hasEntries }) => hasEntries) ?? idle[0];
        if (!victim) return;
        await victim.evict();
      }
    });
    this.#evicting = evicting.catch(() => undefined); // whoever needed the room is told
    await evicting;
  }

  #file(path: string): CachedSegment {
    const file = this.#files.get(path) ?? new CachedSegment(path, this.#room);
    this.#files.set(path, file);
    return file;
  }

  /** What an earlier process left. */
  async #find(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    for (const entry of await readdir(this.#directory, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile()) continue;
      if (parseSegmentFileName(entry.name)) await this.#file(path).measure();
      else if (entry.name.endsWith(`.parquet${TEMPORARY_SUFFIX}`)) await rm(path);
    }
  }
}
