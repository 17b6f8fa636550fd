import { DuckDBBlobValue, listValue, type DuckDBValue } from "@duckdb/node-api";
import { askerSignal } from "./asker.ts";
import { quoted, type Database, type Row } from "./database.ts";
import type { HotChunk, HotIndex } from "./hot-index.ts";
import type { SqlCondition } from "./query-sql.ts";
import type { Segment } from "./segment.ts";
import { neededBytes, type SegmentFiles, type SegmentNeed } from "./segment-files.ts";
import type { SegmentReader } from "./segment-reader.ts";

/** What an index holds at one moment. Segments hold `[0, sealedSize)`, hot chunks `[sealedSize, indexedSize)`. */
export interface IndexView {
  readonly segments: readonly Segment[];
  readonly chunks: readonly HotChunk[];
  readonly sealedSize: number;
  readonly indexedSize: number;
}

/** Entries `[start, end)`, and where they are looked for: segments that can't have hits may be left out. */
export interface Part extends Omit<IndexView, "indexedSize"> {
  readonly start: number;
  readonly end: number;
}

/** Reads the exact bytes of entries `[from, to)`, wherever they are now. */
export type ReadEntries = (from: number, to: number) => Promise<readonly Uint8Array[]>;

/** Hot entries whose text is searched at once: bounds the memory for it. */
const TEXT_ENTRIES = 16_384;

/** Runs statements over parts of an index. */
export class PartReader {
  readonly #database: Database;
  readonly #hot: HotIndex;
  readonly #files: SegmentFiles;
  readonly #readEntries: ReadEntries;
  readonly #segmentReader: SegmentReader;

  constructor(
    database: Database,
    hot: HotIndex,
    files: SegmentFiles,
    segmentReader: SegmentReader,
    readEntries: ReadEntries,
  ) {
    this.#database = database;
    this.#hot = hot;
    this.#files = files;
    this.#segmentReader = segmentReader;
    this.#readEntries = readEntries;
  }

  /** Keeps hot chunks from being dropped while `work` runs. Call it in the same tick as they were looked up. */
  async holding<T>({ chunks }: Pick<Part, "chunks">, work: () => Promise<T>): Promise<T> {
    return await this.#hot.using(chunks, work);
  }

  /**
   * Runs `statement` of a relation that has `expressions` over the typed columns of each entry of the part that meets the
   * condition. Where segments are more than can be had at once, it collects those of one group after the other first.
   *
   * @throws VerificationError `segment_corrupt`; UnavailableError
   */
  async select(
    part: Part,
    expressions: string,
    { where, params }: SqlCondition,
    statement: (relation: string) => string,
  ): Promise<Row[]> {
    const { start, end, segments, chunks, sealedSize } = part;
    const needsText = /\bentry\b/.test(where);
    const values: DuckDBValue[] = [...params];
    const select = (relation: string, conditions: readonly string[]): string =>
      `SELECT ${expressions} FROM ${relation} WHERE ${conditions.map((condition) => `(${condition})`).join(" AND ")}`;
    const selects: string[] = [];
    for (const chunk of chunks) {
      // A chunk may begin below: what is sealed counts there.
      const from = Math.max(start, sealedSize, chunk.start);
      let condition = where;
      if (needsText) {
        const found = await this.#matchText(chunk, from, Math.min(end, chunk.end), { where, params });
        // DuckDB does not know the type of a list without values.
        if (found.length === 0) continue;
        values.push(listValue(found));
        condition = `seq IN (SELECT unnest($${values.length}::BIGINT[]))`;
      }
      selects.push(select(chunk.columns, [`seq >= ${from}`, `seq < ${end}`, condition]));
    }
    if (segments.length === 0) {
      if (selects.length === 0) return [];
      return await this.#database.query(statement(`(${selects.join(" UNION ALL ")})`), values, askerSignal());
    }
    // Where all is inside, the column does not have to be read.
    const conditions = [where];
    if (segments.some((segment) => segment.start < start)) conditions.push(`seq >= ${start}`);
    if (segments.some((segment) => segment.end > end)) conditions.push(`seq < ${end}`);
    const need = needsText ? "all" : "columns";
    const groups = divided(segments, need, this.#files.bytesAtOnce);
    const found = this.#database.uniqueName("hits");
    try {
      for (const [i, group] of groups.entries()) {
        const last = i === groups.length - 1;
        const rows = await this.#files.using(group, need, async (paths) => {
          const hits = select(readParquet(paths), conditions);
          const relation = [...selects, ...(i > 0 ? [`SELECT * FROM ${found}`] : []), hits].join(
            " UNION ALL ",
          );
          const collect = i > 0 ? `INSERT INTO ${found} ${hits}` : `CREATE TABLE ${found} AS ${hits}`;
          const sql = last ? statement(`(${relation})`) : collect;
          return await this.#database.queryFiles(sql, values, paths, need, askerSignal());
        });
        if (last) return rows;
      }
      return [];
    } finally {
      if (groups.length > 1) await this.#database.query(`DROP TABLE IF EXISTS ${found}`);
    }
  }

  /** Leaf index and text of the entries with these leaf indexes of the part, in any order. */
  async selectEntries({ segments }: Part, indexes: readonly number[]): Promise<Map<number, string>> {
    const sealed = indexes.filter((index) =>
      segments.some(({ start, end }) => index >= start && index < end),
    );
    const entries = new Map<number, string>();
    for (const [from, to] of runsOf(indexes.filter((index) => !sealed.includes(index)))) {
      for (const [i, entry] of (await this.#readEntries(from, to)).entries()) {
        entries.set(from + i, Buffer.from(entry).toString());
      }
    }
    for (const segment of segments) {
      const inside = sealed.filter((index) => index >= segment.start && index < segment.end);
      if (inside.length === 0) continue;
      for (const [index, entry] of await this.#segmentReader.readScattered(segment, inside))
        entries.set(index, entry);
    }
    return entries;
  }

  /** The hot entries `[from, to)` of a chunk that meet a condition on their text. */
  async #matchText(
    { columns }: HotChunk,
    from: number,
    to: number,
    { where, params }: SqlCondition,
  ): Promise<bigint[]> {
    const found: bigint[] = [];
    for (let at = from; at < to; at += TEXT_ENTRIES) {
      const lines = await this.#readEntries(at, Math.min(to, at + TEXT_ENTRIES));
      const text = new DuckDBBlobValue(Buffer.concat(lines.flatMap((line) => [line, LF])));
      const rows = await this.#database.query(
        `SELECT seq FROM ${columns} JOIN (
           SELECT ${at} + n - 1 AS seq, entry FROM (
             SELECT unnest(parts) AS entry, generate_subscripts(parts, 1) AS n
             FROM (SELECT string_split(decode($${params.length + 1}::BLOB), chr(10)) AS parts))) USING (seq)
         WHERE (${where})`,
        [...params, text],
        askerSignal(),
      );
      for (const [seq] of rows) found.push(seq as bigint);
    }
    return found;
  }

  /** The leaf index of the first hot entry with this id. */
  async findHotId({ chunks, sealedSize, indexedSize }: IndexView, id: string): Promise<number | undefined> {
    const selects = chunks.map(
      ({ columns }) =>
        `SELECT seq FROM ${columns} WHERE id = $1 AND seq >= ${sealedSize} AND seq < ${indexedSize}`,
    );
    if (selects.length === 0) return undefined;
    const [row] = await this.#database.query(`SELECT min(seq) FROM (${selects.join(" UNION ALL ")})`, [id]);
    return typeof row?.[0] === "bigint" ? Number(row[0]) : undefined;
  }
}

/** Segments in groups of which so many bytes are needed at most; one at least in each. */
function divided(segments: readonly Segment[], need: SegmentNeed, lengthMax: number): Segment[][] {
  const groups: Segment[][] = [];
  let room = 0;
  for (const segment of segments) {
    const lengthBytes = neededBytes(segment, need);
    const present = groups.at(-1);
    if (present && lengthBytes <= room) present.push(segment);
    else {
      groups.push([segment]);
      room = lengthMax;
    }
    room -= lengthBytes;
  }
  return groups;
}

function readParquet(paths: readonly string[]): string {
  return `read_parquet([${paths.map(quoted).join(", ")}])`;
}

const LF = Uint8Array.of(0x0a);

/** Ascending runs `[from, to)` of indexes that follow each other. */
function runsOf(indexes: readonly number[]): [from: number, to: number][] {
  const runs: [number, number][] = [];
  for (const index of indexes.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last?.[1] === index) last[1]++;
    else runs.push([index, index + 1]);
  }
  return runs;
}
