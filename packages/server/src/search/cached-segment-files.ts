import { InvariantError, MalformedError, VerificationError } from "@stele/proof";
import type { Vault } from "../store/vault.ts";
import type { CachedSegment } from "./cached-segment.ts";
import type { SegmentCache } from "./segment-cache.ts";
import { neededBytes, type SegmentFiles, type SegmentNeed } from "./segment-files.ts";
import { corruptSegment, type DescribedSegment, type Segment } from "./segment.ts";

/** The segments of one log, in a vault behind the node's cache. They must have digests. */
export class CachedSegmentFiles implements SegmentFiles {
  readonly #cache: SegmentCache;
  readonly #log: string;
  readonly #vault: Vault;
  readonly #uses = new Set<Promise<unknown>>();

  constructor(cache: SegmentCache, log: string, vault: Vault) {
    this.#cache = cache;
    this.#log = log;
    this.#vault = vault;
  }

  get bytesAtOnce(): number {
    return this.#cache.bytesAtOnce;
  }

  place({ key }: Segment): string {
    return `${this.#vault.place}/${key}`;
  }

  async using<T>(
    segments: readonly Segment[],
    need: SegmentNeed,
    work: (paths: readonly string[]) => Promise<T>,
  ): Promise<T> {
    const lengthBytes = segments.reduce((sum, segment) => sum + neededBytes(segment, need), 0);
    return await this.#holding(segments, lengthBytes, async (files) => {
      await ensure(files, need);
      try {
        return await work(files.map(({ path }) => path));
      } catch (error) {
        const damaged = files.filter(({ path }) => isDamage(error, path));
        if (damaged.length === 0) throw error;
        for (const file of damaged) file.distrust();
        await ensure(damaged, need);
        return await work(files.map(({ path }) => path));
      }
    });
  }

  async read(segment: Segment, from: number, to: number): Promise<Buffer> {
    return await this.#holding([segment], to - from, async ([file]) => await file!.read(from, to));
  }

  async recheck({ key }: Segment): Promise<string | undefined> {
    return await this.#cache.recheck(this.#log, key);
  }

  /** Fetches what typed searches need of a segment that another node has sealed. @throws as {@link using} */
  async prefetchColumns(segment: Segment): Promise<void> {
    await this.using([segment], "columns", async () => undefined);
  }

  /**
   * Copies the file of a segment that this node has just built, so that nothing of it is fetched. The file at `path` stays
   * as it is.
   *
   * @throws UnavailableError `storage_full`, `storage_failed`
   */
  async adopt(segment: Segment, path: string): Promise<void> {
    await this.#holding([segment], segment.lengthBytes, async ([file]) => await file!.adopt(path));
  }

  /** Resolves when nothing of it is in use. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#uses);
  }

  async #holding<T>(
    segments: readonly Segment[],
    lengthBytes: number,
    work: (files: readonly CachedSegment[]) => Promise<T>,
  ): Promise<T> {
    const files = segments.map((segment) => this.#fileOf(segment));
    const use = this.#cache.holding(files, lengthBytes, async () => await work(files));
    this.#uses.add(use);
    try {
      return await use;
    } finally {
      this.#uses.delete(use);
    }
  }

  #fileOf(segment: Segment): CachedSegment {
    if (!isDescribed(segment)) {
      throw new InvariantError(
        "segment_not_described",
        `Nobody knows what ${this.place(segment)} should hash to`,
      );
    }
    const place = this.place(segment);
    return this.#cache.file(this.#log, segment.key).belongsTo({
      segment,
      place,
      fetch: async ({ from, to }, take) =>
        await this.#cache.request(async () => await this.#get(segment, from, to), take),
    });
  }

  async #get({ key, version }: Segment, from: number, to: number): Promise<Uint8Array> {
    const place = `${this.#vault.place}/${key}`;
    let bytes: Uint8Array;
    try {
      bytes = await this.#vault.get({ key, ...(version !== undefined && { version }) }, from, to);
    } catch (cause) {
      if (!(cause instanceof MalformedError)) throw cause;
      throw corruptSegment(place, cause.message, { cause });
    }
    if (bytes.length === to - from) return bytes;
    throw corruptSegment(place, `the vault has ${bytes.length} bytes for [${from}, ${to})`);
  }
}

/** Segments that are fetched at once, at most: bounds the memory for it. */
const SEGMENTS_AT_ONCE = 4;

async function ensure(files: readonly CachedSegment[], need: SegmentNeed): Promise<void> {
  const rest = files.values();
  const lanes = Array.from({ length: SEGMENTS_AT_ONCE }, async () => {
    for (const file of rest) await file.ensure(need);
  });
  const failed = (await Promise.allSettled(lanes)).find((lane) => lane.status === "rejected");
  if (failed) throw failed.reason;
}

function isDescribed(segment: Segment): segment is DescribedSegment {
  return segment.digests !== undefined;
}

function isDamage(error: unknown, path: string): boolean {
  return (
    error instanceof VerificationError && error.code === "segment_corrupt" && error.evidence["path"] === path
  );
}
