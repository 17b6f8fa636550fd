import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { DuckDBBlobValue, listValue, type DuckDBValue } from "@duckdb/node-api";
import { InvariantError, VerificationError } from "@stele/proof";
import { fileNames } from "../store/file-names.ts";
import { Database } from "./database.ts";
import { entryGroups, readEntryGroup, readGroupPages, type EntryGroup } from "./entry-groups.ts";
import type { EntryPage } from "./entry-pages.ts";
import type { SegmentFiles } from "./segment-files.ts";
import { blocksInFilter, blocksInRanges, filterLengthBytes, ID_BLOCK_ENTRIES } from "./id-index.ts";
import {
  corruptSegment,
  ID_FILTER_KEY,
  parseSegmentFileName,
  parseSegmentMetadata,
  SEGMENT_METADATA_KEY,
  type Segment,
} from "./segment.ts";

/**
 * All segments of a directory, in order; none if there is no such directory. Other files are passed over.
 *
 * @throws VerificationError `segment_corrupt` with the file; `segment_missing` where there is a gap or an overlap
 */
export async function openSegments(database: Database, directory: string): Promise<Segment[]> {
  const names = (await fileNames(directory)).filter((name) => parseSegmentFileName(name)).toSorted();
  const paths = names.map((name) => join(directory, name));
  if (paths.length === 0) return [];
  const metadata = await readMetadata(database, paths, SEGMENT_METADATA_KEY);
  const segments: Segment[] = [];
  for (const path of paths) {
    const text = metadata.get(path);
    if (text === undefined) throw corruptSegment(path, "it has no metadata of a segment");
    const segment = parseSegmentMetadata(Buffer.from(text).toString(), path, (await stat(path)).size);
    const end = segments.at(-1)?.end ?? 0;
    if (segment.start !== end) {
      throw new VerificationError(
        "segment_missing",
        `The segments in ${directory} go up to entry ${end}, but ${basename(path)} is next. Restore what is missing from a copy`,
        { directory, end, next: segment.start },
      );
    }
    segments.push(segment);
  }
  return segments;
}

/** As {@link openSegments}, for readers beside the node. */
export async function listSegments(directory: string): Promise<Segment[]> {
  const database = await openReader(directory);
  try {
    return await openSegments(database, directory);
  } finally {
    await database.close();
  }
}

/** Reads entries and looks up ids in the segments of a log. */
export class SegmentReader {
  readonly #database: Database;
  readonly #files: SegmentFiles;
  /** The filters that were used last, by the segment's key. */
  readonly #filters = new Map<string, Uint8Array>();
  readonly #groups = new Map<string, readonly EntryGroup[]>();

  constructor(database: Database, files: SegmentFiles) {
    this.#database = database;
    this.#files = files;
  }

  /**
   * The exact bytes of entries `[from, to)`, which lie in `segment`, unverified.
   *
   * @throws VerificationError `segment_corrupt`
   */
  async readEntries(segment: Segment, from: number, to: number): Promise<Uint8Array[]> {
    if (from < segment.start || to > segment.end || from > to) {
      throw new InvariantError("index_out_of_range", `[${from}, ${to}) is not in ${segment.key}`);
    }
    const touched = (await this.#groupsOf(segment)).filter(({ start, end }) => start < to && end > from);
    const read = touched.map(async (group) =>
      (await readEntryGroup(this.#files, segment, group)).slice(
        Math.max(0, from - group.start),
        to - group.start,
      ),
    );
    return (await Promise.all(read)).flat();
  }

  /**
   * The entries of a segment with these leaf indexes, unverified. What is compressed together is read once, and only the
   * entries asked for are kept.
   *
   * @throws VerificationError `segment_corrupt`
   */
  async readScattered(segment: Segment, indexes: readonly number[]): Promise<Map<number, string>> {
    const groups = await this.#groupsOf(segment);
    const entries = new Map<number, string>();
    const read = async (group: EntryGroup): Promise<void> => {
      const wanted = indexes.filter((index) => index >= group.start && index < group.end);
      if (wanted.length === 0) return;
      const all = await readEntryGroup(this.#files, segment, group);
      for (const index of wanted) entries.set(index, all[index - group.start]!.toString());
    };
    for (let at = 0; at < groups.length; at += GROUPS_AT_ONCE) {
      await Promise.all(groups.slice(at, at + GROUPS_AT_ONCE).map(read));
    }
    return entries;
  }

  /**
   * The leaf index of the first entry of a segment with this id. The bytes of the entry decide, not the index of ids.
   *
   * @throws VerificationError `segment_corrupt`
   */
  async findId(segment: Segment, id: string): Promise<number | undefined> {
    const prefix = Buffer.from(`{"v":1,"id":${JSON.stringify(id)},`);
    for (const block of await this.#blocksWithId(segment, id)) {
      const from = segment.start + block * ID_BLOCK_ENTRIES;
      const entries = await this.readEntries(segment, from, Math.min(segment.end, from + ID_BLOCK_ENTRIES));
      const found = entries.findIndex((entry) => prefix.equals(entry.subarray(0, prefix.length)));
      if (found >= 0) return from + found;
    }
    return undefined;
  }

  async #groupsOf(segment: Segment): Promise<readonly EntryGroup[]> {
    const groups = this.#groups.get(segment.key) ?? (await entryGroups(this.#files, segment));
    keepNewest(this.#groups, segment.key, groups, GROUPS_OF_SEGMENTS_MAX);
    return groups;
  }

  async #blocksWithId(segment: Segment, id: string): Promise<number[]> {
    const { ids, key } = segment;
    if (ids.kind === "ranges") return blocksInRanges(ids.ranges, id);
    const filter = this.#filters.get(key) ?? (await this.#readFilter(segment));
    if (filter?.length !== filterLengthBytes(ids.rows, ids.blocks)) {
      throw corruptSegment(this.#files.place(segment), "its filter of ids is missing or too short");
    }
    keepNewest(this.#filters, key, filter, FILTERS_MAX);
    return blocksInFilter(filter, ids.rows, ids.blocks, id);
  }

  async #readFilter(segment: Segment): Promise<Uint8Array | undefined> {
    return await this.#files.using([segment], "columns", async ([path]) =>
      (await readMetadata(this.#database, [path!], ID_FILTER_KEY)).get(path!),
    );
  }
}

/** Of some 300 KB each. */
const FILTERS_MAX = 64;
/** Of some 10 KB each. */
const GROUPS_OF_SEGMENTS_MAX = 1024;
/** Row groups that are decompressed at the same time: bounds the memory for it. */
const GROUPS_AT_ONCE = 8;

function keepNewest<Value>(map: Map<string, Value>, key: string, value: Value, sizeMax: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > sizeMax) map.delete(map.keys().next().value!);
}

/** Entries of a segment that follow each other, unverified. */
export interface EntryBlock {
  /** The leaf index of the first one. */
  readonly start: number;
  readonly entries: readonly Uint8Array[];
}

/** All entries of a segment, in order: as {@link streamEntryPages}. */
export async function* streamEntryBlocks(files: SegmentFiles, segment: Segment): AsyncGenerator<EntryBlock> {
  let start = segment.start;
  for await (const page of streamEntryPages(files, segment)) {
    yield { start, entries: page.entries() };
    start += page.length;
  }
}

/**
 * All entries of a segment, in order, for hashing them; the next ones are decompressed while the caller works.
 *
 * @throws VerificationError `segment_corrupt`
 */
export async function* streamEntryPages(files: SegmentFiles, segment: Segment): AsyncGenerator<EntryPage> {
  const ahead: Promise<EntryPage[]>[] = [];
  try {
    for (const group of await entryGroups(files, segment)) {
      const pages = readGroupPages(files, segment, group);
      pages.catch(() => undefined); // reported when its turn comes
      ahead.push(pages);
      if (ahead.length > GROUPS_AHEAD) yield* await ahead.shift()!;
    }
    while (ahead.length > 0) yield* await ahead.shift()!;
  } finally {
    await Promise.allSettled(ahead);
  }
}

const GROUPS_AHEAD = 2;

/** A DuckDB that reads what is in a directory. */
async function openReader(directory: string): Promise<Database> {
  return await Database.open({
    directories: [directory],
    threads: 1,
    connectionsMax: 1,
  });
}

async function readMetadata(
  database: Database,
  paths: readonly string[],
  key: string,
): Promise<Map<string, Uint8Array>> {
  const rows = await database.queryFiles(
    "SELECT file_name, value FROM parquet_kv_metadata($1) WHERE decode(key) = $2",
    [listValue(paths), key],
    paths,
    "columns",
  );
  return new Map(rows.map(([path, value]) => [String(path), bytesOf(value)]));
}

function bytesOf(value: DuckDBValue | undefined): Uint8Array {
  if (value instanceof DuckDBBlobValue) return value.bytes;
  throw new InvariantError("query_failed", "DuckDB gave something else than bytes");
}
