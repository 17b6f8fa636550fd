import { Type } from "typebox";
import { sourceJson, sourcesJson } from "../sources/source-json.ts";
import type { Api, ApiContext } from "./api.ts";
import { findLog } from "./node-view.ts";
import { answers, Index, json, LogParameters, Size } from "./schemas.ts";

const Seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Count = Type.Number({ minimum: 0 });
const Time = Type.String({ format: "date-time" });
const SOURCES_MAX = 1_000;
const SOURCES = 100;

const Source = Type.Object({
  id: Type.String(),
  entries: Count,
  first_seq: Type.Optional(Seq),
  watermark: Type.Optional(
    Type.Integer({ description: "Nothing is missing from the least seq up to this one" }),
  ),
  last_seq: Type.Optional(Seq),
  gap_count: Count,
  missing: Type.Number({
    minimum: 0,
    description: "Seqs between the least and the greatest without an entry",
  }),
  gaps: Type.Array(Type.Object({ from: Seq, to: Seq, since: Time }), {
    description: "The lowest, 100 at most",
  }),
  duplicates: Type.Number({ minimum: 0, description: "Entries whose seq an earlier one had" }),
  duplicate_indexes: Type.Array(Index, { description: "The first of them" }),
  unplaced: Type.Number({
    minimum: 0,
    description: "Entries that are not accounted for: there are too many gaps",
  }),
  first_index: Index,
  first_at: Time,
  last_index: Index,
  last_at: Time,
  heartbeat_seconds: Type.Integer({ minimum: 0, description: "As declared; 0: not" }),
  truncated: Type.Boolean(),
});

const Sources = Type.Object({
  tree_size: Type.Unsafe<number>({ ...Size, description: "The tree that this is of" }),
  total: Count,
  unfollowed_entries: Type.Number({
    minimum: 0,
    description: "Entries of sources beyond the first 100,000, which are not followed",
  }),
  truncated: Type.Boolean(),
  sources: Type.Array(Source),
  next_after: Type.Optional(Type.String({ description: "after= of the next page" })),
});

/** What the entries of a log show of their sources (docs/spec/sources.md). */
export function sourceRoutes(api: Api, { node }: ApiContext): void {
  api.get(
    "/v1/logs/:log/sources",
    {
      config: { role: "reader" },
      schema: {
        tags: ["sources"],
        operationId: "listSources",
        summary: "What each source has sent, and what is missing",
        description:
          "By id. Derived from the entries alone: the same at each node, and recomputed by stele verify. 503 `sources_loading` for a while after the start.",
        params: LogParameters,
        querystring: Type.Object({
          id: Type.Optional(Type.String({ description: "Only this one" })),
          after: Type.Optional(Type.String({ description: "Begin behind this id" })),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: SOURCES_MAX, default: SOURCES })),
        }),
        response: answers(200, "The sources", json(Sources)),
      },
    },
    (request) => {
      const { table } = findLog(node, request.params.log).sources;
      const { id, after, limit = SOURCES } = request.query;
      if (id === undefined) return sourcesJson(table, after, limit);
      const source = table.get(id);
      const { tree_size, total, unfollowed_entries, truncated } = sourcesJson(table, "", 0);
      return { tree_size, total, unfollowed_entries, truncated, sources: source ? [sourceJson(source)] : [] };
    },
  );
}
