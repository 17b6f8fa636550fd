import type { Answer } from "./answer.ts";
import type { CallOptions } from "./transport.ts";

/** What a log has of one source: docs/spec/sources.md. Times are RFC 3339. */
export interface Source {
  readonly id: string;
  readonly entries: number;
  readonly firstSeq: number | undefined;
  readonly watermark: number | undefined;
  readonly lastSeq: number | undefined;
  readonly gapCount: number;
  readonly missing: number;
  /** The lowest. */
  readonly gaps: readonly { readonly from: number; readonly to: number; readonly since: string }[];
  readonly duplicates: number;
  readonly duplicateIndexes: readonly number[];
  readonly firstIndex: number;
  readonly firstAt: string;
  readonly lastIndex: number;
  readonly lastAt: string;
  /** 0: none is declared. */
  readonly heartbeatSeconds: number;
  readonly isTruncated: boolean;
}

export interface SourceOptions extends CallOptions {
  /** Only this one. */
  readonly id?: string;
  /** Begin behind this id: `nextAfter` of the page before. */
  readonly after?: string;
  /** Sources a page, 1–1,000. */
  readonly limit?: number;
}

export interface SourcePage {
  /** The tree that this is of. */
  readonly treeSize: number;
  readonly total: number;
  /** Entries of sources that are not followed: there are too many. */
  readonly unfollowedEntries: number;
  readonly sources: readonly Source[];
  readonly nextAfter: string | undefined;
}

/** @throws MalformedError `response_malformed` */
export function parseSourcePage(answer: Answer): SourcePage {
  return {
    treeSize: answer.field("tree_size").integer(),
    total: answer.field("total").integer(),
    unfollowedEntries: answer.field("unfollowed_entries").integer(),
    sources: answer.field("sources").items().map(parseSource),
    nextAfter: answer.has("next_after") ? answer.field("next_after").string() : undefined,
  };
}

function parseSource(source: Answer): Source {
  const seq = (name: string) => (source.has(name) ? source.field(name).integer() : undefined);
  return {
    id: source.field("id").string(),
    entries: source.field("entries").integer(),
    firstSeq: seq("first_seq"),
    watermark: seq("watermark"),
    lastSeq: seq("last_seq"),
    gapCount: source.field("gap_count").integer(),
    missing: source.field("missing").number(),
    gaps: source
      .field("gaps")
      .items()
      .map((gap) => ({
        from: gap.field("from").integer(),
        to: gap.field("to").integer(),
        since: gap.field("since").string(),
      })),
    duplicates: source.field("duplicates").integer(),
    duplicateIndexes: source
      .field("duplicate_indexes")
      .items()
      .map((index) => index.integer()),
    firstIndex: source.field("first_index").integer(),
    firstAt: source.field("first_at").string(),
    lastIndex: source.field("last_index").integer(),
    lastAt: source.field("last_at").string(),
    heartbeatSeconds: source.field("heartbeat_seconds").integer(),
    isTruncated: source.field("truncated").boolean(),
  };
}
