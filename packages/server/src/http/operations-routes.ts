import { Type } from "typebox";
import { assertNodeReady } from "../ops/readiness.ts";
import type { Api, ApiContext } from "./api.ts";
import { answers, bytes, json } from "./schemas.ts";

/** What supervisors, load balancers and Prometheus ask for. */
export function operationsRoutes(api: Api, { node, metrics, access }: ApiContext): void {
  const tags = ["operations"];

  api.get(
    "/healthz",
    {
      config: { role: "anyone" },
      logLevel: "warn",
      schema: {
        tags,
        operationId: "getHealth",
        summary: "Whether the process is alive",
        security: [],
        response: answers(200, "It is", json(Type.Object({ alive: Type.Literal(true) }))),
      },
    },
    () => ({ alive: true }),
  );

  api.get(
    "/readyz",
    {
      // Load balancers have no token. Why it is not ready is for readers.
      config: { role: "anyone" },
      logLevel: "warn",
      schema: {
        tags,
        operationId: "getReadiness",
        summary: "Whether every log takes writes and its index keeps up",
        description:
          "503 `not_ready` names the reasons, to readers. With for=reads: whether it answers reads, which go on while the store is out.",
        security: [],
        querystring: Type.Object({
          for: Type.Optional(Type.Enum(["all", "reads"], { description: "all unless told" })),
        }),
        response: answers(200, "It is ready", json(Type.Object({ ready: Type.Literal(true) }))),
      },
    },
    (request) => {
      assertNodeReady(node, request.query.for ?? "all", () => access.allows(request.headers, "reader"));
      return { ready: true };
    },
  );

  api.get(
    "/metrics",
    {
      config: { role: "reader" },
      schema: {
        tags,
        operationId: "getMetrics",
        summary: "Metrics for Prometheus",
        response: answers(200, "The text format of Prometheus", bytes("text/plain")),
      },
    },
    async (_request, reply) => {
      const { contentType, text } = await metrics.render();
      return await reply.type(contentType).send(text);
    },
  );
}
