import { Readable } from "node:stream";
import { Type } from "typebox";
import { HISTORY_RANGES } from "../ops/history/history-table.ts";
import { formatHistoryAnswer } from "../ops/history/history-answer.ts";
import type { Api, ApiContext } from "./api.ts";
import { answers, json } from "./schemas.ts";

const History = Type.Object({
  from: Type.String({ format: "date-time", description: "When the first step began" }),
  step_seconds: Type.Integer({ minimum: 1 }),
  series: Type.Array(
    Type.Object({
      name: Type.String({ examples: ["events_per_second"] }),
      labels: Type.Record(Type.String(), Type.String(), {
        description: "log, and with it mirror or witness; or kind, of requests",
      }),
      values: Type.Array(Type.Union([Type.Number(), Type.Null()]), {
        description: "One a step; null where the node did not run, or had no such figure",
      }),
    }),
  ),
});

/** What the node was at. */
export function historyRoutes(api: Api, { node }: ApiContext): void {
  api.get(
    "/v1/metrics/history",
    {
      config: { role: "reader" },
      schema: {
        tags: ["operations"],
        operationId: "getMetricsHistory",
        summary: "What the node was at, over time",
        description:
          "Steps of 10 s (1h, 6h), a minute (24h) or ten minutes (7d, 30d). docs/operate/monitoring.md says what the series are.",
        querystring: Type.Object({
          range: Type.Optional(Type.Enum([...HISTORY_RANGES], { description: "1h unless told" })),
          log: Type.Optional(
            Type.String({ description: "Leaves the series of other logs out; of all logs unless told" }),
          ),
        }),
        response: answers(200, "The history", json(History)),
      },
    },
    async (request, reply) => {
      const { range = "1h", log } = request.query;
      const text = formatHistoryAnswer(node.history(range, log));
      return await reply
        .type("application/json; charset=utf-8")
        .send(Readable.from(text, { highWaterMark: 1 }));
    },
  );
}
