import { Type, type Static } from "typebox";
import type { AuditLog } from "../log/audit-log.ts";
import type { LogVerification } from "../verify/background/log-verification.ts";
import type { Api, ApiContext } from "./api.ts";
import { RequestError } from "./errors.ts";
import { findLog } from "./node-view.ts";
import { answers, Index, json, LogParameters } from "./schemas.ts";
import { VerificationBody, verificationJson } from "./verification-body.ts";

const FINDINGS_MAX = 100;

const Finding = Type.Object({
  code: Type.String({ description: "Stable: for programs" }),
  message: Type.String(),
  place: Type.String({ description: "The object, file or range" }),
  copy: Type.String({ description: "Whose: the primary, a mirror, or what the node keeps for itself" }),
  first_index: Type.Optional(Index),
  last_index: Type.Optional(Index),
  found_at: Type.String({ format: "date-time" }),
});

/** The verifier of a log: what it found, and a pass over everything now. */
export function verificationRoutes(api: Api, { node }: ApiContext): void {
  const schema = { tags: ["operations"], params: LogParameters };

  api.get(
    "/v1/logs/:log/verification",
    {
      config: { role: "reader" },
      schema: {
        ...schema,
        operationId: "getVerification",
        summary: "How far the verifier of this node is, and what it found",
        response: answers(
          200,
          "The verification",
          json(
            Type.Object({
              verification: VerificationBody,
              findings: Type.Array(Finding, {
                maxItems: FINDINGS_MAX,
                description:
                  "What was found, and was not found right since: the newest first. verification.findings says how many there are",
              }),
            }),
          ),
        ),
      },
    },
    (request) => {
      const verification = verificationOf(findLog(node, request.params.log));
      return {
        verification: verificationJson(verification.status()),
        findings: verification.findings.slice(-FINDINGS_MAX).toReversed().map(findingJson),
      };
    },
  );

  api.post(
    "/v1/logs/:log/verification",
    {
      config: { role: "admin" },
      schema: {
        ...schema,
        operationId: "startVerification",
        summary: "Verify everything that is stored, now",
        description:
          "Begins a pass over everything, as fast as it goes beside other work. GET tells how far it is, and what it finds.",
        response: answers(
          202,
          "It runs",
          json(
            Type.Object({
              started: Type.Boolean({ description: "false: such a pass ran already, and goes on" }),
            }),
          ),
        ),
      },
    },
    async (request, reply) => {
      const started = verificationOf(findLog(node, request.params.log)).begin();
      return await reply.code(202).send({ started });
    },
  );
}

function verificationOf({ verification, name }: AuditLog) {
  if (verification) return verification;
  throw new RequestError(
    "verification_off",
    `This node does not verify ${name}: it was started with --verify-every 0`,
  );
}

function findingJson(finding: LogVerification["findings"][number]): Static<typeof Finding> {
  const { code, message, place, copy, firstIndex, lastIndex, foundMs } = finding;
  return {
    code,
    message,
    place,
    copy,
    ...(firstIndex !== undefined && { first_index: firstIndex }),
    ...(lastIndex !== undefined && { last_index: lastIndex }),
    found_at: new Date(foundMs).toISOString(),
  };
}
