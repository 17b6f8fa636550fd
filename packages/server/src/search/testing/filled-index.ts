import { matches, parseQuery, type ParsedEntry, type Query } from "@stele/query";
import {
  SearchIndex,
  type SearchIndexOptions,
  type SearchItem,
  type SearchOptions,
} from "../search-index.ts";
import { buildSegment } from "../segment-builder.ts";
import type { Segment } from "../segment.ts";
import { START_MS, type TestLog } from "./test-log.ts";

export const ALL: Query = { terms: [] };
/** Queries that find all, some or none of the entries of `entryText`, by each kind of term. */
export const QUERIES = [
  "",
  "actor:actor-3",
  "actor:nobody",
  "action:document.* -outcome:success",
  "tenant:tenant-2,tenant-4 target:doc-7",
  "ip:10.0.1.0/24",
  `"needle17 "`,
  "metadata.n:700 actor_type:user",
  "source:source-1 outcome:failure",
  "after:2026-01-01T00:05:00Z before:2026-01-01T00:12:00Z",
  "after:2030-01-01",
  "id:id-00000300",
];

export function query(text: string): Query {
  return parseQuery(text, { nowMs: START_MS });
}

/** Leaf indexes of the hits: a filter over all entries. */
export function expected(entries: readonly string[], filter: Query): number[] {
  const test = matches(filter);
  return entries.flatMap((text, index) => (test(JSON.parse(text) as ParsedEntry, text) ? [index] : []));
}

/** A log of `entries`, the first of them sealed in segments of these sizes, the rest hot. */
export async function filled(
  log: TestLog,
  entries: readonly string[],
  sealed: readonly number[],
  commit = 37,
  options: Pick<SearchIndexOptions, "chunkEntries" | "pageTimeMsMax"> = {},
) {
  const file = await log.writeJournal(0, entries, commit);
  const segments: Segment[] = [];
  let start = 0;
  for (const size of sealed) {
    segments.push(await buildSegment(log.job(start, entries.slice(start, start + size), [file])));
    start += size;
  }
  const index = new SearchIndex({
    database: log.database,
    files: log.files,
    segments,
    readEntries: reading(entries),
    ...options,
  });
  await index.rebuild([file]);
  return { index, file, segments };
}

/** What the log does for its index. */
export function reading(entries: readonly string[]) {
  return async (from: number, to: number) => entries.slice(from, to).map((entry) => Buffer.from(entry));
}

/** All hits, page after page by cursor. */
export async function allPages(
  index: SearchIndex,
  filter: Query,
  options: Pick<SearchOptions, "order" | "asOf">,
  limits: () => number,
): Promise<SearchItem[]> {
  const items: SearchItem[] = [];
  let cursor: string | null | undefined;
  do {
    const limit = limits();
    const page = await index.search(filter, { ...options, limit, ...(cursor && { cursor }) });
    if (page.items.length > limit) throw new RangeError(`${page.items.length} hits on a page of ${limit}`);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}
