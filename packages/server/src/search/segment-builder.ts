import { open, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { equalBytes, HASH_LENGTH_BYTES, TILE_WIDTH, VerificationError } from "@stele/proof";
import type { ParsedEntry } from "@stele/query";
import { syncDirectory, writeFully } from "../store/durable-file.ts";
import { readJournalFile } from "../store/file-journal.ts";
import type { JournalFile } from "../store/journal.ts";
import { BlockHasher } from "./block-hasher.ts";
import { Database, quoted } from "./database.ts";
import { JSON_STRUCTURE, SEGMENT_EXPRESSIONS } from "./entry-columns.ts";
import { IdIndexBuilder } from "./id-index.ts";
import { endOfLines } from "./line-batch.ts";
import {
  formatSegmentMetadata,
  ID_FILTER_KEY,
  SEGMENT_METADATA_KEY,
  segmentFileName,
  type DescribedSegment,
  type Segment,
} from "./segment.ts";
import { describeSegmentFile } from "./segment-digests.ts";
import { LocalSegmentFiles, type SegmentFiles } from "./segment-files.ts";
import { streamEntryPages } from "./segment-reader.ts";
import { StatisticsBuilder } from "./segment-statistics.ts";

export interface SealJob {
  /** Where the segment is to stand. */
  readonly directory: string;
  /** For the entries as they are fed to DuckDB, and for what it spills. Only one job may use it at a time. */
  readonly tempDirectory: string;
  readonly origin: string;
  /** `[start, end)`, multiples of 256. */
  readonly start: number;
  readonly end: number;
  /** Of its name ({@link segmentFileName}). */
  readonly suffix?: string;
  /** In order; together they cover `[start, end)`. The last one may be growing. */
  readonly journalFiles: readonly JournalFile[];
  /** From the tree: RFC 6962 hashes of each run of 256 entries of `[start, end)`, 32 bytes each. */
  readonly subtreeHashes: Uint8Array;
  /** A signed note of a size of at least `end`. */
  readonly checkpoint: string;
}

/** Chosen by measuring: docs/design/0003-segments.md. */
const COMPRESSION_LEVEL = 10;
const ROW_GROUP_ROWS = 8192;
const MEMORY_LIMIT_MB = 100;

/**
 * Writes the segment under a temporary name, reads it back, compares its entries with the tree, and only then gives it
 * its name. Durable when it resolves.
 *
 * @throws VerificationError `segment_not_authentic` if what was written is not what was signed; `journal_corrupt`,
 *   `journal_gap`
 */
export async function buildSegment(job: SealJob): Promise<DescribedSegment> {
  const key = segmentFileName(job.start, job.end, job.suffix);
  const path = join(job.directory, key);
  const temporary = `${path}.new`;
  try {
    const described = await writeSegment(temporary, job);
    const file = await open(temporary, "r+");
    await file.sync();
    await file.close();
    const segment = { ...described, key, ...(await describeSegmentFile(temporary)) };
    await compareWithTree(new LocalSegmentFiles(job.directory), { ...segment, key: basename(temporary) });
    await rename(temporary, path);
    await syncDirectory(job.directory);
    return segment;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

type Described = Omit<Segment, "key" | "lengthBytes">;

async function writeSegment(path: string, job: SealJob): Promise<Described> {
  const { directory, tempDirectory, start } = job;
  const database = await Database.open({
    directories: [directory],
    tempDirectory,
    memoryLimitMb: MEMORY_LIMIT_MB,
    threads: 1,
    connectionsMax: 1,
    queryTimeoutMs: 2 ** 31 - 1,
  });
  const feed = join(tempDirectory, "feed.ndjson");
  try {
    const { described, filter } = await writeFeed(feed, job);
    const metadata = [`${quoted(SEGMENT_METADATA_KEY)}: ${quoted(formatSegmentMetadata(described))}`];
    if (filter) metadata.push(`${quoted(ID_FILTER_KEY)}: ${blobLiteral(filter)}`);
    await database.query(`
      COPY (
        SELECT ${start} + row_number() OVER () - 1 AS seq, ${SEGMENT_EXPRESSIONS}, entry
        FROM (SELECT json_transform(entry, ${quoted(JSON_STRUCTURE)}) AS e, entry FROM ${readLines(feed)})
      ) TO ${quoted(path)} (
        FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL ${COMPRESSION_LEVEL},
        ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, WRITE_BLOOM_FILTER false, KV_METADATA {${metadata.join(", ")}}
      )`);
    return described;
  } finally {
    await database.close();
    await rm(feed, { force: true });
  }
}

/** Each line as it is: no entry contains a byte below 0x20, so nothing is ever split or unquoted. */
function readLines(path: string): string {
  return `read_csv(${quoted(path)}, columns = {entry: 'VARCHAR'}, auto_detect = false, header = false,
    delim = '\x01', quote = '', escape = '', new_line = '\\n', max_line_size = 70000, buffer_size = 1048576)`;
}

function blobLiteral(bytes: Uint8Array): string {
  return `'${Buffer.from(bytes).toString("hex").replaceAll(/../g, "\\x$&")}'::BLOB`;
}

/** Writes the entries `[start, end)` of the journal, one a line and nothing else, and describes them. */
async function writeFeed(
  path: string,
  job: SealJob,
): Promise<{ described: Described; filter: Uint8Array | undefined }> {
  const { origin, start, end, subtreeHashes, checkpoint } = job;
  const ids = new IdIndexBuilder();
  const statistics = new StatisticsBuilder();
  const file = await open(path, "w");
  try {
    let offset = 0;
    for await (const lines of readEntryLines(job)) {
      await writeFully(file, [lines], offset);
      offset += lines.length;
      for (const line of lines.toString().split("\n")) {
        if (line === "") continue;
        const entry = JSON.parse(line) as ParsedEntry;
        ids.add(entry.id);
        statistics.add(entry);
      }
    }
  } finally {
    await file.close();
  }
  const { index, filter } = ids.finish();
  const described = {
    origin,
    start,
    end,
    subtreeHashes,
    checkpoint,
    ids: index,
    statistics: statistics.finish(),
  };
  return { described, filter };
}

/** The lines of the entries `[start, end)` in order, some at a time. */
async function* readEntryLines({ journalFiles, start, end }: SealJob): AsyncGenerator<Buffer> {
  let next = start;
  for (const [i, journalFile] of journalFiles.entries()) {
    if ((journalFiles[i + 1]?.start ?? Infinity) <= start || next === end) continue;
    for await (const commit of readJournalFile(journalFile, true)) {
      if (next === end || commit.start > next) break;
      const { buffer, byteOffset, length } = commit.entryLines;
      const lines = Buffer.from(buffer, byteOffset, length);
      const commitEnd = commit.start + commit.count;
      if (commitEnd <= next) continue;
      const from = endOfLines(lines, next - commit.start);
      next = Math.min(commitEnd, end);
      yield lines.subarray(from, endOfLines(lines, next - commit.start));
    }
  }
  if (next === end) return;
  throw new VerificationError(
    "journal_gap",
    `The journal files do not hold entry ${next}: [${start}, ${end}) can't be sealed`,
    { start, end, next },
  );
}

/** @throws VerificationError `segment_not_authentic` */
async function compareWithTree(files: SegmentFiles, segment: Segment): Promise<void> {
  const hasher = new BlockHasher(segment.start);
  for await (const page of streamEntryPages(files, segment)) {
    for (const { start, subtreeHash } of hasher.take(page)) {
      const at = ((start - segment.start) / TILE_WIDTH) * HASH_LENGTH_BYTES;
      const expected = segment.subtreeHashes.subarray(at, at + HASH_LENGTH_BYTES);
      const found = Buffer.from(subtreeHash, "latin1");
      if (!equalBytes(found, expected)) {
        throw new VerificationError(
          "segment_not_authentic",
          `Entries [${start}, ${start + TILE_WIDTH}) as sealed are not those that were signed; the segment was not kept`,
          { start, expected, found },
        );
      }
    }
  }
}
