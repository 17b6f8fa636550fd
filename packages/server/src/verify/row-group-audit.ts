import { quoted, type Database } from "../search/database.ts";

/** What the rows of one row group have in truth. */
export interface RowGroupValues {
  /** Its first row, counted from the beginning of the file. */
  readonly first: number;
  readonly rows: number;
  /** The first row with a column that is not what the entry says. */
  readonly wrong: { readonly row: number; readonly column: string } | undefined;
  /** The ids of its entries, in order. */
  readonly ids: readonly string[];
  /** Of each column but lists; times in Unix milliseconds. */
  readonly columns: ReadonlyMap<
    string,
    { readonly least: string | null; readonly greatest: string | null; readonly nulls: number }
  >;
  readonly distinct: readonly (readonly string[])[];
}

/**
 * Compares what the footer says of each row group with its rows. DuckDB passes a row group over where these say that nothing
 * can match: false ones hide events, though every value is right.
 *
 * @throws what `differs` makes of the first difference
 */
export async function auditRowGroupStatistics(
  database: Database,
  path: string,
  groups: readonly RowGroupValues[],
  differs: (column: string, row: number, what: string) => Error,
): Promise<void> {
  const stated = await database.query(
    `SELECT row_group_id, path_in_schema, stats_min_value, stats_max_value, stats_null_count, bloom_filter_offset
     FROM parquet_metadata(${quoted(path)}) ORDER BY row_group_id, column_id`,
  );
  for (const [id, name, least, greatest, nulls, filter] of stated) {
    const group = groups[Number(id)];
    const column = String(name);
    const row = group?.first ?? 0;
    // Stele writes none: whoever added one could hide values behind it.
    if (filter !== null) throw differs(column, row, "the file has a Bloom filter for it");
    const found = group?.columns.get(column);
    if (!found) continue;
    const wrong =
      (nulls !== null && Number(nulls) !== found.nulls) ||
      isBelow(column, found.least, least) ||
      isBelow(column, textOf(greatest), found.greatest);
    if (wrong) {
      throw differs(
        column,
        row,
        `the row group's statistics say [${String(least)}, ${String(greatest)}] with ${String(nulls)} absent; there are [${found.least}, ${found.greatest}] with ${found.nulls}`.slice(
          0,
          1000,
        ),
      );
    }
  }
}

function isBelow(column: string, value: unknown, bound: unknown): boolean {
  const [a, b] = [textOf(value), textOf(bound)];
  if (a === null || b === null) return false;
  if (column.endsWith("_at")) return timeOf(a) < timeOf(b);
  if (column === "source_seq") return BigInt(a) < BigInt(b);
  // A text that was cut inside of a character is shown with escapes, which don't compare.
  if (a.includes("\\x") || b.includes("\\x")) return false;
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}

/** Unix milliseconds, or a time as DuckDB prints it. */
function timeOf(text: string): number {
  return /^-?\d+$/.test(text) ? Number(text) : Date.parse(`${text.replace(" ", "T")}Z`);
}

/** A number or a text of DuckDB's as text. */
export function textOf(value: unknown): string | null {
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  return typeof value === "string" ? value : null;
}
