import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { DuckDBBlobValue, listValue, type DuckDBValue } from "@duckdb/node-api";
import { InvariantError, VerificationError } from "@stele/proof";
import { errorCode } from "../store/storage-error.ts";
import { Database } from "./database.ts";
import { SegmentFile, type EntryGroup } from "./segment-file.ts";
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

/** Reads entries and looks up ids in the segments of a node. */
export class SegmentReader {
  readonly #database: Database;
  /** The filters that were used last. */
  readonly #filters = new Map<string, Uint8Array>();
  readonly #groups = new Map<string, readonly EntryGroup[]>();

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * The exact bytes of entries `[from, to)`, which lie in `segment`, unverified.
   *
   * @throws VerificationError `segment_corrupt`
   */
  async readEntries(segment: Segment, from: number, to: number): Promise<Uint8Array[]> {
    if (from < segment.start || to > segment.end || from > to) {
      throw new InvariantError("index_out_of_range", `[${from}, ${to}) is not in ${basename(segment.path)}`);
    }
    return await this.#withFile(segment, async (file, groups) => {
      const touched = groups.filter(({ start, end }) => start < to && end > from);
      const read = touched.map(async (group) =>
        (await file.read(group)).slice(Math.max(0, from - group.start), to - group.start),
      );
      return (await Promise.all(read)).flat();
    });
  }

  /**
   * The entries of a segment with these leaf indexes, unverified. What is compressed together is read once, and only the
   * entries asked for are kept.
   *
   * @throws VerificationError `segment_corrupt`
   */
  async readScattered(segment: Segment, indexes: readonly number[]): Promise<Map<number, string>> {
    return await this.#withFile(segment, async (file, groups) => {
      const entries = new Map<number, string>();
      const read = async (group: EntryGroup): Promise<void> => {
        const wanted = indexes.filter((index) => index >= group.start && index < group.end);
        if (wanted.length === 0) return;
        const all = await file.read(group);
        for (const index of wanted) entries.set(index, all[index - group.start]!.toString());
      };
      for (let at = 0; at < groups.length; at += GROUPS_AT_ONCE) {
        await Promise.all(groups.slice(at, at + GROUPS_AT_ONCE).map(read));
      }
      return entries;
    });
  }

  /**
   * The leaf index of the first entry of a segment with this id. The bytes of the entry decide, not the index of ids.
   *
   * @throws VerificationError `segment_corrupt`
   */
  async findId(segment: Segment, id: string): Promise<number | undefined> {
    const { path, start } = segment;
    for (const block of await this.#blocksWithId(segment, id)) {
      const from = start + block * ID_BLOCK_ENTRIES;
      const rows = await this.#database.queryFiles(
        "SELECT min(seq) FROM read_parquet($1) WHERE seq >= $2 AND seq < $3 AND starts_with(entry, $4)",
        [path, BigInt(from), BigInt(from + ID_BLOCK_ENTRIES), `{"v":1,"id":${JSON.stringify(id)},`],
        [path],
      );
      const found = rows[0]?.[0];
      if (typeof found === "bigint") return Number(found);
    }
    return undefined;
  }

  async #withFile<T>(
    segment: Segment,
    work: (file: SegmentFile, groups: readonly EntryGroup[]) => Promise<T>,
  ): Promise<T> {
    const file = await SegmentFile.open(segment);
    try {
      const known = this.#groups.get(segment.path) ?? (await file.groups());
      keepNewest(this.#groups, segment.path, known, GROUPS_OF_SEGMENTS_MAX);
      return await work(file, known);
    } finally {
      await file.close();
    }
  }

  async #blocksWithId({ ids, path }: Segment, id: string): Promise<number[]> {
    if (ids.kind === "ranges") return blocksInRanges(ids.ranges, id);
    const filter =
      this.#filters.get(path) ?? (await readMetadata(this.#database, [path], ID_FILTER_KEY)).get(path);
    if (filter?.length !== filterLengthBytes(ids.rows, ids.blocks)) {
      throw corruptSegment(path, "its filter of ids is missing or too short");
    }
    keepNewest(this.#filters, path, filter, FILTERS_MAX);
    return blocksInFilter(filter, ids.rows, ids.blocks, id);
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

/**
 * All entries of a segment, in order, for hashing them; the next ones are decompressed while the caller works.
 *
 * @throws VerificationError `segment_corrupt`
 */
export async function* streamEntryBlocks(segment: Segment): AsyncGenerator<EntryBlock> {
  const file = await SegmentFile.open(segment);
  const ahead: Promise<EntryBlock>[] = [];
  const read = async (group: EntryGroup): Promise<EntryBlock> => ({
    start: group.start,
    entries: await file.read(group),
  });
  try {
    for (const group of await file.groups()) {
      const block = read(group);
      block.catch(() => undefined); // reported when its turn comes
      ahead.push(block);
      if (ahead.length > BLOCKS_AHEAD) yield await ahead.shift()!;
    }
    while (ahead.length > 0) yield await ahead.shift()!;
  } finally {
    await Promise.allSettled(ahead);
    await file.close();
  }
}

const BLOCKS_AHEAD = 2;

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
  );
  return new Map(rows.map(([path, value]) => [String(path), bytesOf(value)]));
}

function bytesOf(value: DuckDBValue | undefined): Uint8Array {
  if (value instanceof DuckDBBlobValue) return value.bytes;
  throw new InvariantError("query_failed", "DuckDB gave something else than bytes");
}

async function fileNames(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
