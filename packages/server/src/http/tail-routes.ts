import { Readable } from "node:stream";
import { Type } from "typebox";
import { matches, queryFromParameters, type ParsedEntry, type Query } from "@stele/query";
import type { Api, ApiContext } from "./api.ts";
import { RequestError } from "./errors.ts";
import { findLog } from "./node-view.ts";
import { clientOf, OpenTails } from "./open-tails.ts";
import { FILTERS } from "./query-parameters.ts";
import { answers, bytes, Index, LogParameters } from "./schemas.ts";
import { tailEvents } from "./tail.ts";

/** Entries as they are committed. */
export function tailRoutes(api: Api, { node, access, metrics, limits, nowMs }: ApiContext): void {
  const open = new OpenTails(limits.tailsMax, limits.tailsPerClientMax);
  api.addHook("preClose", (done) => {
    open.abortAll();
    done();
  });

  api.get(
    "/v1/logs/:log/tail",
    {
      config: { role: "reader" },
      exposeHeadRoute: false,
      schema: {
        tags: ["events"],
        operationId: "followEvents",
        summary: "Follow the log",
        description:
          'Server-sent events: `id` is the leaf index, `data` is `{"index","state","entry"}`, with the state that the entry had when it was sent. Begins behind the header Last-Event-ID, else at `from`, else with what comes next. An `id` without data says up to which index nothing matched.',
        params: LogParameters,
        headers: Type.Object({ "last-event-id": Type.Optional(Index) }),
        querystring: Type.Object({ from: Type.Optional(Index), ...FILTERS }),
        response: answers(200, "A stream without end", bytes("text/event-stream")),
      },
    },
    async (request, reply) => {
      const log = findLog(node, request.params.log);
      const { from, ...filters } = request.query;
      const query = queryFromParameters(filters, { nowMs: nowMs() });
      assertCheap(query);
      const lastEventId = request.headers["last-event-id"];
      const token = access.admit(request.headers, "reader");
      const tail = open.open(clientOf(token, request.socket.remoteAddress));
      metrics.tails(log.name, 1);
      const leave = () => {
        tail.close();
        metrics.tails(log.name, -1);
      };
      // Who left before this, while the log was made ready, does not leave again.
      if (reply.raw.destroyed) leave();
      else reply.raw.once("close", leave);
      const events = tailEvents(log, {
        from: lastEventId === undefined ? (from ?? log.head().treeSize) : lastEventId + 1,
        matches: entryMatcher(query),
        heartbeatMs: limits.tailHeartbeatMs,
        allowedMs: () => access.admittedMs(request.headers, "reader"),
        signal: tail.signal,
      });
      // For proxies that would collect the answer first.
      reply.type("text/event-stream").header("x-accel-buffering", "no");
      return await reply.send(Readable.from(events, { highWaterMark: 1 }));
    },
  );
}

/**
 * Of an entry that is made for it, each character may have to be compared with all of what is looked for anywhere in it; and here,
 * other than in a search, that is done where requests are answered, for each event and each tail.
 */
const SOUGHT_LENGTH_MAX = 256;

/** @throws RequestError `parameter_malformed` */
function assertCheap({ terms }: Query): void {
  const sought = terms.reduce((sum, term) => sum + soughtLength(term), 0);
  if (sought <= SOUGHT_LENGTH_MAX) return;
  throw new RequestError(
    "parameter_malformed",
    `A tail looks for at most ${SOUGHT_LENGTH_MAX} characters anywhere in an event: words, and what stands between two wildcards. These are ${sought}`,
  );
}

function soughtLength(term: Query["terms"][number]): number {
  if (term.kind === "text") return term.text.length;
  if (term.kind !== "field" && term.kind !== "metadata") return 0;
  // The beginning and the end have their places.
  return term.anyOf.flatMap((pattern) => pattern.slice(1, -1)).join("").length;
}

/** Parses only what a condition needs to see. */
function entryMatcher(query: Query): (entry: Uint8Array) => boolean {
  if (query.terms.length === 0) return () => true;
  const isHit = matches(query);
  return (entry) => {
    const text = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString();
    const parsed: ParsedEntry = JSON.parse(text);
    return isHit(parsed, text);
  };
}
