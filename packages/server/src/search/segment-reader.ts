import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DuckDBBlobValue, listValue, type DuckDBValue } from "@duckdb/node-api";
import { InvariantError, VerificationError } from "@stele/proof";
import { errorCode } from "../store/storage-error.ts";
import { Database } from "./database.ts";
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
    const rows = await this.#database.queryFiles(
      "SELECT encode(entry) FROM read_parquet($1) WHERE seq >= $2 AND seq < $3 ORDER BY seq",
      [segment.path, BigInt(from), BigInt(to)],
      [segment.path],
    );
    if (rows.length !== to - from) {
      throw corruptSegment(segment.path, `it holds ${rows.length} of the entries [${from}, ${to})`);
    }
    return rows.map(([entry]) => bytesOf(entry));
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

  async #blocksWithId({ ids, path }: Segment, id: string): Promise<number[]> {
    if (ids.kind === "ranges") return blocksInRanges(ids.ranges, id);
    const filter =
      this.#filters.get(path) ?? (await readMetadata(this.#database, [path], ID_FILTER_KEY)).get(path);
    if (filter?.length !== filterLengthBytes(ids.rows, ids.blocks)) {
      throw corruptSegment(path, "its filter of ids is missing or too short");
    }
    this.#filters.delete(path);
    this.#filters.set(path, filter);
    if (this.#filters.size > FILTERS_MAX) this.#filters.delete(this.#filters.keys().next().value!);
    return blocksInFilter(filter, ids.rows, ids.blocks, id);
  }
}

/** Of some 300 KB each. */
const FILTERS_MAX = 64;

/** Entries of a segment that follow each other, unverified. */
export interface EntryBlock {
  /** The leaf index of the first one. */
  readonly start: number;
  readonly entries: readonly Uint8Array[];
}

/**
 * All entries of a segment, in order, for hashing them. Uses a DuckDB of its own.
 *
 * @throws VerificationError `segment_corrupt`
 */
export async function* streamEntryBlocks(segment: Segment): AsyncGenerator<EntryBlock> {
  const { path, start, end } = segment;
  const database = await openReader(dirname(path));
  const connection = await database.connect();
  let next = start;
  try {
    const result = await connection.stream("SELECT seq, encode(entry) FROM read_parquet($1)", [path]);
    for (
      let chunk = await result.fetchChunk();
      chunk && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      const count = chunk.rowCount;
      const [seq, entry] = [chunk.getColumnVector(0), chunk.getColumnVector(1)];
      const entries = Array.from({ length: count }, (_, i) => bytesOf(entry.getItem(i)));
      if (seq.getItem(0) !== BigInt(next) || seq.getItem(count - 1) !== BigInt(next + count - 1)) {
        throw corruptSegment(path, `entry ${next} is not where it should be`);
      }
      yield { start: next, entries };
      next += count;
    }
  } catch (cause) {
    if (cause instanceof VerificationError) throw cause;
    throw corruptSegment(path, `it can't be read from entry ${next} on`, { cause });
  } finally {
    connection.closeSync();
    await database.close();
  }
  if (next !== end) throw corruptSegment(path, `it ends at entry ${next}`);
}

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
