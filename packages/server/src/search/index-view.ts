import { quoted, type Database, type Row } from "./database.ts";
import { chunkEntries, chunkRelation, type HotChunk, type HotIndex } from "./hot-index.ts";
import type { SqlCondition } from "./query/index.ts";
import type { Segment } from "./segment.ts";

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

/** Runs statements over parts of an index. */
export class PartReader {
  readonly #database: Database;
  readonly #hot: HotIndex;

  constructor(database: Database, hot: HotIndex) {
    this.#database = database;
    this.#hot = hot;
  }

  /** Keeps hot chunks from being dropped while `work` runs. Call it in the same tick as they were looked up. */
  async holding<T>({ chunks }: Pick<Part, "chunks">, work: () => Promise<T>): Promise<T> {
    return await this.#hot.using(chunks, work);
  }

  /**
   * Runs `statement` of a relation that has `expressions` of each entry of the part that meets the condition, `$n` being
   * the condition's parameters.
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
    const withEntry = /\bentry\b/.test(`${expressions} ${where}`);
    const select = (relation: string, from: number): string =>
      `SELECT ${expressions} FROM ${relation} WHERE seq >= ${from} AND seq < ${end} AND (${where})`;
    // A chunk may begin below: what is sealed counts there.
    const selects = chunks.map((chunk) =>
      select(chunkRelation(chunk, withEntry), Math.max(start, sealedSize)),
    );
    const paths = segments.map(({ path }) => path);
    if (paths.length > 0) selects.push(select(readParquet(paths), start));
    if (selects.length === 0) return [];
    return await this.#database.queryFiles(statement(`(${selects.join(" UNION ALL ")})`), params, paths);
  }

  /** Rows of `seq` and `entry` for these leaf indexes of the part, in any order. */
  async selectEntries({ chunks, segments }: Part, indexes: readonly number[]): Promise<Row[]> {
    const selects = chunks.map((chunk) => chunkEntries(chunk, indexes));
    const paths = segments
      .filter(({ start, end }) => indexes.some((index) => index >= start && index < end))
      .map(({ path }) => path);
    if (paths.length > 0) {
      selects.push(`SELECT seq, entry FROM ${readParquet(paths)} WHERE seq IN (${indexes.join(", ")})`);
    }
    return await this.#database.queryFiles(selects.join(" UNION ALL "), [], paths);
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

function readParquet(paths: readonly string[]): string {
  return `read_parquet([${paths.map(quoted).join(", ")}])`;
}
