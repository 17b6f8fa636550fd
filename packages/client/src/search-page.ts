import type { Answer } from "./answer.ts";
import { parseLogEntry, type LogEntry } from "./log-entry.ts";
import type { CallOptions } from "./transport.ts";

export interface SearchPage {
  readonly events: readonly LogEntry[];
  /** Where the next page begins; undefined on the last. */
  readonly nextCursor: string | undefined;
  /** All hits, where the node happens to know without counting for it. */
  readonly total: number | undefined;
  /** How many entries, from 0 on, the search looked at. */
  readonly indexedSize: number;
  readonly treeSize: number;
}

export interface SearchOptions extends CallOptions {
  readonly order?: "newest" | "oldest";
  /** Events a page, 1–1,000; the node's own default unless told. */
  readonly pageSize?: number;
  readonly cursor?: string;
  /** How many hits are left out in front, 0–1,000,000; not beside a cursor. For the same rows each time, give `asOf`, too. */
  readonly offset?: number;
  /** A tree size: only entries with a leaf index below it. */
  readonly asOf?: number;
  /** Waits until this leaf index is searchable, so that a search finds what was just appended. */
  readonly minIndex?: number;
}

/** @throws MalformedError `response_malformed` */
export function parseSearchPage(answer: Answer): SearchPage {
  return {
    events: answer.field("events").items().map(parseLogEntry),
    nextCursor: answer.has("next_cursor") ? answer.field("next_cursor").string() : undefined,
    total: answer.has("total") ? answer.field("total").integer() : undefined,
    indexedSize: answer.field("indexed_size").integer(),
    treeSize: answer.field("tree_size").integer(),
  };
}
