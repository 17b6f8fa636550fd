import { DuckDBBlobValue } from "@duckdb/node-api";
import { quoted, type Database } from "./database.ts";
import { ENTRY_COLUMNS, JSON_STRUCTURE } from "./entry-columns.ts";
import type { HotChunk } from "./hot-index.ts";

/** The first entry of which the hot index says something else than its bytes. */
export interface HotDifference {
  readonly leafIndex: number;
  /** `seq` if its row is missing, or there more than once. */
  readonly column: string;
}

const LF = Uint8Array.of(0x0a);

/** Derives the columns of hot entries from `from` on anew, and compares them with the rows of a chunk that holds them. */
export async function compareHotRows(
  database: Database,
  { columns }: HotChunk,
  from: number,
  entries: readonly Uint8Array[],
): Promise<HotDifference | undefined> {
  const cases = ENTRY_COLUMNS.map(({ name, sql }) => `WHEN h.${name} IS DISTINCT FROM ${sql} THEN '${name}'`);
  const text = new DuckDBBlobValue(
    Buffer.concat(entries.flatMap((entry, i) => (i === 0 ? [entry] : [LF, entry]))),
  );
  const [row] = await database.query(
    `WITH given AS (
       SELECT ${from} + n - 1 AS seq, json_transform(entry, ${quoted(JSON_STRUCTURE)}) AS e
       FROM (SELECT unnest(parts) AS entry, generate_subscripts(parts, 1) AS n
             FROM (SELECT string_split(decode($1::BLOB), chr(10)) AS parts))),
     rows AS (SELECT * FROM ${columns} WHERE seq >= ${from} AND seq < ${from + entries.length}),
     compared AS (
       SELECT given.seq AS seq, count(*) OVER (PARTITION BY given.seq) AS times,
         CASE WHEN h.seq IS NULL THEN 'seq' WHEN h.id IS DISTINCT FROM e.id THEN 'id' ${cases.join(" ")} END AS wrong
       FROM given LEFT JOIN rows h ON h.seq = given.seq)
     SELECT min(seq), arg_min(coalesce(wrong, 'seq'), seq) FROM compared WHERE wrong IS NOT NULL OR times > 1`,
    [text],
  );
  const [seq, column] = row ?? [];
  return typeof seq === "bigint" ? { leafIndex: Number(seq), column: String(column) } : undefined;
}
