import { Type } from "typebox";
import { parseTime, queryFromParameters, type QueryParameters } from "@stele/query";
import type { FastifyReply } from "fastify";
import { eventState } from "../publish/event-state.ts";
import { forAsker } from "../search/asker.ts";
import { OFFSET_MAX } from "../search/search-index.ts";
import type { Api, ApiContext } from "./api.ts";
import { RequestError } from "./errors.ts";
import { findLog } from "./node-view.ts";
import { FILTERS } from "./query-parameters.ts";
import { answers, Index, IndexedEntry, json, LogParameters, reference, Size } from "./schemas.ts";

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 1_000;
const BUCKETS_DEFAULT = 60;
const TOP_DEFAULT = 10;

const GroupField = Type.Enum(
  ["action", "actor", "actor_type", "tenant", "outcome", "ip", "target", "source"],
  { description: "The field whose values are counted" },
);

const MinIndex = Type.Optional(
  Type.Integer({
    ...Index,
    description: "Waits until this leaf index is searchable, up to 10 s: then 503 index_behind",
  }),
);

const AsOf = Type.Optional(
  Type.Integer({
    ...Size,
    description:
      "Only entries with an index below it, as if the tree had this size. Waits until they are searchable, as min_index does",
  }),
);

const Time = Type.String({
  description: "RFC 3339 date or time, or a distance into the past such as -24h",
});

const Found = Type.Object({
  events: Type.Array(reference(IndexedEntry)),
  next_cursor: Type.Union([Type.String(), Type.Null()], { description: "null: there is nothing further" }),
  total: Type.Optional(
    Type.Integer({ ...Size, description: "All hits, where the node knows without counting for it" }),
  ),
  indexed_size: Type.Integer({ ...Size, description: "How many entries, from 0 on, were searched" }),
  tree_size: Size,
});

const Counted = Type.Object({
  interval_ms: Type.Integer(),
  buckets: Type.Array(
    Type.Object({
      start: Type.String({ format: "date-time" }),
      count: Type.Integer(),
      counts: Type.Record(Type.String(), Type.Integer(), {
        description: "With field: the count of each of `values`, and `other`",
      }),
    }),
    { description: "By occurred_at, in order of time, empty ones included" },
  ),
  values: Type.Array(Type.String()),
  total: Type.Integer(),
  indexed_size: Size,
  tree_size: Size,
});

const Top = Type.Object({
  values: Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() })),
  shortened: Type.Optional(
    Type.Literal(true, {
      description: "There are more, which were asked for, too: the answer ends behind 1 MiB of values",
    }),
  ),
  indexed_size: Size,
  tree_size: Size,
});

/** What the index of a log is asked: which entries, how many over time, which values most often. */
export function searchRoutes(api: Api, { node, limits, nowMs }: ApiContext): void {
  const config = { role: "reader" } as const;
  const schema = { tags: ["search"], params: LogParameters };

  /** The log, once its index has `minIndex`, and what is below `asOf`. */
  async function indexedLog(name: string, minIndex = -1, asOf = 0) {
    const log = findLog(node, name);
    await log.search.waitFor(Math.max(minIndex + 1, asOf), limits.indexWaitMsMax);
    return log;
  }

  const readQuery = (filters: QueryParameters) => queryFromParameters(filters, { nowMs: nowMs() });

  api.get(
    "/v1/logs/:log/events",
    {
      config,
      schema: {
        ...schema,
        operationId: "searchEvents",
        summary: "Search",
        querystring: Type.Object({
          order: Type.Optional(Type.Enum(["newest", "oldest"], { default: "newest" })),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT })),
          cursor: Type.Optional(
            Type.String({ description: "next_cursor of the page before, with the same query" }),
          ),
          offset: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: OFFSET_MAX,
              description: "Leaves out so many hits in front. Not beside cursor",
            }),
          ),
          as_of: AsOf,
          min_index: MinIndex,
          ...FILTERS,
        }),
        response: answers(200, "A page of hits", json(Found)),
      },
    },
    async (request, reply) => {
      const { order = "newest", limit = LIMIT_DEFAULT, ...others } = request.query;
      const { cursor, offset, as_of, min_index, ...filters } = others;
      const query = readQuery(filters);
      const log = await indexedLog(request.params.log, min_index, as_of);
      const page = await whileAsked(reply, () =>
        log.search.search(query, {
          order,
          limit,
          ...(cursor !== undefined && { cursor }),
          ...(offset !== undefined && { offset }),
          ...(as_of !== undefined && { asOf: as_of }),
        }),
      );
      const sizesOfStates = log.stateSizes();
      const events = page.items.map(
        ({ index, entry }) =>
          `{"index":${index},"state":"${eventState(index, sizesOfStates)}","entry":${entry}}`,
      );
      const { nextCursor, total, indexedSize } = page;
      const sizes = { total, indexed_size: indexedSize, tree_size: log.head().treeSize };
      const rest = JSON.stringify({ next_cursor: nextCursor, ...sizes }).slice(1);
      return await reply
        .type("application/json; charset=utf-8")
        .send(`{"events":[${events.join(",")}],${rest}`);
    },
  );

  api.get("/v1/logs/:log/histogram", {
    config,
    schema: {
      ...schema,
      operationId: "countOverTime",
      summary: "Counts over time",
      querystring: Type.Object({
        buckets: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 1_000,
            description: `About so many; ${BUCKETS_DEFAULT} unless told`,
          }),
        ),
        interval_ms: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: Number.MAX_SAFE_INTEGER,
            description: "Instead: the width of a bucket",
          }),
        ),
        field: Type.Optional(GroupField),
        from: Type.Optional(Time),
        to: Type.Optional(Time),
        as_of: AsOf,
        min_index: MinIndex,
        ...FILTERS,
      }),
      response: answers(200, "The counts", json(Counted)),
    },
    handler: async (request, reply) => {
      const { buckets, interval_ms, field, from, to, as_of, min_index, ...filters } = request.query;
      const query = readQuery(filters);
      const log = await indexedLog(request.params.log, min_index, as_of);
      const options = {
        ...(interval_ms === undefined
          ? { buckets: buckets ?? BUCKETS_DEFAULT }
          : { intervalMs: interval_ms }),
        ...(field !== undefined && { field }),
        ...(from !== undefined && { from: readTime("from", from, nowMs()) }),
        ...(to !== undefined && { to: readTime("to", to, nowMs()) }),
        ...(as_of !== undefined && { asOf: as_of }),
      };
      const histogram = await whileAsked(reply, () => log.search.histogram(query, options));
      return {
        interval_ms: histogram.intervalMs,
        buckets: histogram.buckets.map((bucket) => ({
          ...bucket,
          start: new Date(bucket.start).toISOString(),
        })),
        values: histogram.values,
        total: histogram.total,
        indexed_size: histogram.indexedSize,
        tree_size: log.head().treeSize,
      };
    },
  });

  api.get("/v1/logs/:log/top", {
    config,
    schema: {
      ...schema,
      operationId: "topValues",
      summary: "The most frequent values of a field",
      querystring: Type.Object({
        field: GroupField,
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: TOP_DEFAULT })),
        as_of: AsOf,
        min_index: MinIndex,
        ...FILTERS,
      }),
      response: answers(200, "The values, most frequent first", json(Top)),
    },
    handler: async (request, reply) => {
      const { field, limit = TOP_DEFAULT, as_of, min_index, ...filters } = request.query;
      const query = readQuery(filters);
      const log = await indexedLog(request.params.log, min_index, as_of);
      const asOf = as_of !== undefined && { asOf: as_of };
      const top = () => log.search.top(query, field, limit, { ...asOf });
      const { values, isShortened, indexedSize } = await whileAsked(reply, top);
      const shortened = isShortened && ({ shortened: true } as const);
      return { values, ...shortened, indexed_size: indexedSize, tree_size: log.head().treeSize };
    },
  });
}

/** Ends the work when the client closes the connection: a page asks anew with each key that is typed. */
async function whileAsked<T>({ raw }: FastifyReply, work: () => Promise<T>): Promise<T> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  raw.once("close", leave);
  try {
    return await forAsker(gone.signal, work);
  } finally {
    raw.off("close", leave);
  }
}

function readTime(name: string, text: string, nowMs: number): number {
  const ms = parseTime(text, nowMs);
  if (ms !== undefined) return ms;
  throw new RequestError(
    "parameter_malformed",
    `The query parameter "${name}" is no date (2026-01-31), time (2026-01-31T12:00:00Z) or distance into the past (-24h)`,
  );
}
