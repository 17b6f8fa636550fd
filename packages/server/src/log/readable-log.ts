import {
  formatEntryBundle,
  MalformedError,
  parseTile,
  proveBatchInclusion,
  proveConsistency,
  proveInclusion,
  TILE_WIDTH,
  tileHashReader,
  tileWidth,
  type Hash,
  type ReadTile,
} from "@stele/proof";
import type { Segment } from "../search/segment.ts";
import type { Journal } from "../store/journal.ts";
import { errorCode } from "../store/storage-error.ts";
import type { AuditLog, SignedTreeHead } from "./audit-log.ts";
import { batchHashes } from "./batch-hashes.ts";
import { EntryBlocks } from "./entry-blocks.ts";
import { nativeHasher } from "./native-hasher.ts";
import { receivedAtMs } from "./received-clock.ts";
import type { SealedSegments } from "./sealed-segments.ts";
import type { TreeStore } from "./tree-store.ts";

export interface ReadableLogParts {
  readonly journal: Pick<Journal, "readEntries">;
  readonly tree: TreeStore;
  readonly segments: SealedSegments;
  /** Reads entries `[from, to)` of a segment, unverified. */
  readonly readSegment: (segment: Segment, from: number, to: number) => Promise<Uint8Array[]>;
}

type Readings =
  "readEntries" | "proveInclusion" | "proveBatchInclusion" | "proveConsistency" | "readTile" | "readBundle";

/** What is read and proven of a log up to its head: from its tree, its segments, and of hot entries from its journal. */
export abstract class ReadableLog implements Pick<AuditLog, Readings> {
  readonly #parts: ReadableLogParts;
  readonly #blocks: EntryBlocks;

  constructor(parts: ReadableLogParts) {
    const { tree, segments, readSegment } = parts;
    this.#parts = parts;
    this.#blocks = new EntryBlocks(tree, async (from, to) => {
      const entries: Uint8Array[] = [];
      for (let at = from; at < to; at = from + entries.length) {
        const segment = segments.of(at);
        entries.push(...(await readSegment(segment, at, Math.min(to, segment.end))));
      }
      return entries;
    });
  }

  abstract head(): SignedTreeHead;

  async readEntries(from: number, to: number): Promise<Uint8Array[]> {
    this.#checkRange(from, to);
    const sealed = Math.min(to, this.#parts.segments.size);
    const entries = await this.#blocks.entries(from, sealed);
    const hot = from + entries.length;
    if (hot < to) entries.push(...(await this.#readHot(hot, to)));
    return entries;
  }

  async proveInclusion(leafIndex: number, treeSize: number): Promise<Hash[]> {
    this.#checkRange(leafIndex, treeSize);
    return await proveInclusion(
      leafIndex,
      treeSize,
      tileHashReader(treeSize, this.#readTile, nativeHasher),
      nativeHasher,
    );
  }

  async proveBatchInclusion(leafIndexes: readonly number[], treeSize: number): Promise<Hash[]> {
    this.#checkRange(leafIndexes.at(-1) ?? 0, treeSize);
    const readHashes = batchHashes(treeSize, this.#parts.tree, this.#blocks);
    return await proveBatchInclusion(leafIndexes, treeSize, readHashes, nativeHasher);
  }

  async proveConsistency(from: number, to: number): Promise<Hash[]> {
    this.#checkRange(from, to);
    return await proveConsistency(from, to, tileHashReader(to, this.#readTile, nativeHasher), nativeHasher);
  }

  async readTile(level: number, index: number, width: number): Promise<Uint8Array> {
    this.#checkTile(level, index, width);
    const hashes = this.#parts.tree.tile(level, index, width);
    return hashes ?? (await this.#blocks.get(index)).leafHashes.slice(0, width * 32);
  }

  async readBundle(index: number, width: number): Promise<Uint8Array> {
    this.#checkTile(0, index, width);
    const start = index * TILE_WIDTH;
    return formatEntryBundle(await this.readEntries(start, start + width));
  }

  /** When an entry was received (Unix milliseconds). */
  protected async readReceivedAtMs(leafIndex: number): Promise<number> {
    const [entry] = await this.readEntries(leafIndex, leafIndex + 1);
    return receivedAtMs(entry!);
  }

  /** Entries that were not sealed when the caller looked: from the journal, or from the segment made since. */
  async #readHot(from: number, to: number): Promise<Uint8Array[]> {
    const { journal, segments } = this.#parts;
    try {
      return await journal.readEntries(from, to);
    } catch (error) {
      const isTrimmed = segments.size > from && ["ENOENT", "index_out_of_range"].includes(errorCode(error));
      if (!isTrimmed) throw error;
      return await this.readEntries(from, to);
    }
  }

  readonly #readTile: ReadTile = async ({ level, index, width }) =>
    parseTile(await this.readTile(level, index, width), width);

  #checkRange(from: number, to: number): void {
    const { treeSize } = this.head();
    if (from >= 0 && from <= to && to <= treeSize) return;
    throw new MalformedError(
      "index_out_of_range",
      `The log has ${treeSize} entries; [${from}, ${to}) is not in it`,
    );
  }

  #checkTile(level: number, index: number, width: number): void {
    if (width >= 1 && width <= tileWidth(level, index, this.head().treeSize)) return;
    throw new MalformedError("not_found", `The log has no tile ${level}/${index} of width ${width} yet`);
  }
}
