import { Type, type Static } from "typebox";
import type { AuditLog } from "../log/audit-log.ts";
import type { Api, ApiContext } from "./api.ts";
import { RequestError } from "./errors.ts";
import { assertReady, findLog } from "./node-view.ts";
import { answers, json, LOG_NAME_FORM, LogInfo, LogParameters, reference } from "./schemas.ts";

/** Which logs there are, and making another one. */
export function logRoutes(api: Api, { node }: ApiContext): void {
  const schema = { tags: ["logs"], params: LogParameters };

  api.get(
    "/v1/logs",
    {
      config: { role: "reader" },
      schema: {
        tags: ["logs"],
        operationId: "listLogs",
        summary: "List the logs",
        response: answers(
          200,
          "The logs of this node",
          json(Type.Object({ logs: Type.Array(reference(LogInfo)) })),
        ),
      },
    },
    () => {
      assertReady(node);
      return { logs: node.logs().map(logInfo) };
    },
  );

  api.get(
    "/v1/logs/:log",
    {
      config: { role: "reader" },
      schema: {
        ...schema,
        operationId: "getLog",
        summary: "One log",
        response: answers(200, "The log", json(reference(LogInfo))),
      },
    },
    (request) => logInfo(findLog(node, request.params.log)),
  );

  api.put(
    "/v1/logs/:log",
    {
      config: { role: "admin" },
      schema: {
        ...schema,
        operationId: "createLog",
        summary: "Create a log",
        description: "With a tree, a key and an order of its own. Answers 200 if there is one of this name.",
        response: {
          ...answers(201, "The log was created", json(reference(LogInfo))),
          ...answers(200, "The log was there", json(reference(LogInfo))),
        },
      },
    },
    async (request, reply) => {
      assertReady(node);
      const name = request.params.log;
      if (!LOG_NAME_FORM.test(name)) {
        throw new RequestError(
          "log_name_malformed",
          `${JSON.stringify(name.slice(0, 80))} can't name a log: use 1 to 63 of a-z 0-9 -, a letter or digit first`,
        );
      }
      const status = node.log(name) ? 200 : 201;
      return await reply.code(status).send(logInfo(await node.createLog(name)));
    },
  );
}

function logInfo(log: AuditLog): Static<typeof LogInfo> {
  const { treeSize, sealedSize, witnessedSize, publishedMs } = log.status();
  return {
    name: log.name,
    origin: log.origin,
    vkey: log.vkey,
    tree_size: treeSize,
    sealed_size: sealedSize,
    ...(witnessedSize !== undefined && { witnessed_size: witnessedSize }),
    ...(publishedMs !== undefined && { published_at: new Date(publishedMs).toISOString() }),
  };
}
