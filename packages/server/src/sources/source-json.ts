import type { SourceState } from "./source-state.ts";
import type { SourceTable } from "./source-table.ts";

/** Gaps of one source in an answer. */
const GAPS_MAX = 100;

/** A source as the API and `stele verify` tell it. A function of the entries alone. */
export function sourceJson(source: SourceState) {
  const { firstSeq, watermark, lastSeq } = source;
  return {
    id: source.id,
    entries: source.entries,
    ...(firstSeq !== undefined && { first_seq: firstSeq }),
    ...(watermark !== undefined && { watermark }),
    ...(lastSeq !== undefined && { last_seq: lastSeq }),
    gap_count: source.gapCount,
    missing: source.missing,
    gaps: source
      .gaps(GAPS_MAX)
      .map(({ from, to, sinceMs }) => ({ from, to, since: new Date(sinceMs).toISOString() })),
    duplicates: source.duplicates,
    duplicate_indexes: [...source.duplicateIndexes],
    unplaced: source.unplaced,
    first_index: source.firstIndex,
    first_at: new Date(source.firstMs).toISOString(),
    last_index: source.lastIndex,
    last_at: new Date(source.lastMs).toISOString(),
    heartbeat_seconds: source.heartbeatSeconds,
    truncated: source.unplaced > 0 || source.gapCount > GAPS_MAX,
  };
}

export type SourceJson = ReturnType<typeof sourceJson>;

/** A page of sources, behind the id `after`. */
export function sourcesJson(table: SourceTable, after: string | undefined, limit: number) {
  const page = table.page(after, limit);
  const last = page.length === limit ? page.at(-1) : undefined;
  return {
    tree_size: table.size,
    total: table.count,
    unfollowed_entries: table.unfollowed,
    truncated: table.isTruncated,
    sources: page.map(sourceJson),
    ...(last && { next_after: last.id }),
  };
}

export type SourcesJson = ReturnType<typeof sourcesJson>;
