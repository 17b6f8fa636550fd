import { Type } from "typebox";
import { statedPolicy } from "../publish/stated-policy.ts";
import type { Api, ApiContext } from "./api.ts";
import { findLog } from "./node-view.ts";
import { answers, json, LogParameters } from "./schemas.ts";

const StatedPolicy = Type.Object({
  policy: Type.Unsafe<string | null>({
    type: ["string", "null"],
    description: "C2SP tlog-policy, without the addresses of witnesses; null: nobody is asked to cosign",
  }),
});

/** Whose cosignatures a log is published under. */
export function policyRoutes(api: Api, { node }: ApiContext): void {
  api.get(
    "/v1/logs/:log/policy",
    {
      config: { role: "reader" },
      schema: {
        tags: ["logs"],
        operationId: "getPolicy",
        summary: "The policy that the log is published under",
        description: "The same text as in an evidence bundle. Whose word it is to be: not the node's.",
        params: LogParameters,
        response: answers(200, "The policy", json(StatedPolicy)),
      },
    },
    (request) => {
      const log = findLog(node, request.params.log);
      return { policy: log.policy() ? statedPolicy(log) : null };
    },
  );
}
