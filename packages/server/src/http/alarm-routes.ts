import { Type } from "typebox";
import { alarmJson } from "../ops/notify/notification.ts";
import { isActive } from "../ops/alarms.ts";
import { AlarmBody, summaryJson } from "./alarm-body.ts";
import type { Api, ApiContext } from "./api.ts";
import { answers, json, reference } from "./schemas.ts";

const BODY_BYTES_MAX = 16 * 1024;
const NOTE_LENGTH_MAX = 2_000;
const TESTS_PAUSE_MS = 5_000;

const AlarmParameters = Type.Object({
  id: Type.String({ description: "The alarm's id", examples: ["9f86d081884c7d65"] }),
});

/** The alarms of this node: each node has its own. In a scope of its own: acknowledging has a body. */
export function alarmRoutes(api: Api, { node, access, nowMs }: ApiContext): void {
  const tags = ["alarms"];
  let testing: { readonly atMs: number; readonly results: ReturnType<typeof node.testAlarms> } | undefined;
  api.addContentTypeParser(
    "application/json",
    { parseAs: "string", bodyLimit: BODY_BYTES_MAX },
    api.getDefaultJsonParser("error", "error"),
  );

  api.get(
    "/v1/alarms",
    {
      config: { role: "reader" },
      schema: {
        tags,
        operationId: "listAlarms",
        summary: "The alarms of this node",
        description:
          "Newest first, without their evidence; 1,000 at most are kept. In a cluster each node has its own.",
        querystring: Type.Object({
          state: Type.Optional(Type.Enum(["active", "all"], { description: "active unless told" })),
        }),
        response: answers(200, "The alarms", json(Type.Object({ alarms: Type.Array(reference(AlarmBody)) }))),
      },
    },
    (request) => {
      const all = node.alarms.all;
      const asked = request.query.state === "all" ? all : all.filter(isActive);
      return { alarms: asked.map(summaryJson) };
    },
  );

  api.get(
    "/v1/alarms/:id",
    {
      config: { role: "reader" },
      schema: {
        tags,
        operationId: "getAlarm",
        summary: "One alarm, with its evidence",
        params: AlarmParameters,
        response: answers(200, "The alarm", json(reference(AlarmBody))),
      },
    },
    (request) => {
      const alarm = node.alarms.get(request.params.id);
      return { ...alarmJson(alarm), has_evidence: alarm.evidence !== undefined };
    },
  );

  api.post(
    "/v1/alarms/:id/acknowledge",
    {
      config: { role: "admin" },
      schema: {
        tags,
        operationId: "acknowledgeAlarm",
        summary: "Say that somebody has seen an alarm",
        description:
          "That ends a finding of verification, which is not told again. Any other alarm stays until its cause is gone. Safe to send twice: the first acknowledgement stays.",
        params: AlarmParameters,
        body: Type.Union([
          Type.Null({ description: "No body" }),
          Type.Object(
            { note: Type.Optional(Type.String({ maxLength: NOTE_LENGTH_MAX })) },
            { additionalProperties: false },
          ),
        ]),
        response: answers(200, "The alarm as it is now", json(reference(AlarmBody))),
      },
    },
    (request) => {
      const by = access.admit(request.headers, "admin")?.name;
      const note = request.body?.note;
      return summaryJson(
        node.alarms.acknowledge(request.params.id, {
          ...(by !== undefined && { by }),
          ...(note !== undefined && { note }),
        }),
      );
    },
  );

  api.post(
    "/v1/alarms/test",
    {
      config: { role: "admin" },
      schema: {
        tags,
        operationId: "testAlarms",
        summary: "Send a test to who is told of alarms",
        description:
          "And wait for their answers, 10 s at most. Asked again within 5 s, it answers with the same.",
        response: answers(
          200,
          "How they took it",
          json(
            Type.Object({
              notifiers: Type.Array(
                Type.Object({
                  name: Type.String(),
                  ok: Type.Boolean(),
                  reason: Type.Optional(Type.String({ description: "Why not" })),
                }),
              ),
            }),
          ),
        ),
      },
    },
    async () => {
      // So that nobody makes a flood of it.
      if (!testing || nowMs() - testing.atMs > TESTS_PAUSE_MS)
        testing = { atMs: nowMs(), results: node.testAlarms() };
      const results = await testing.results;
      return {
        notifiers: results.map(({ notifier, failure }) => ({
          name: notifier,
          ok: failure === undefined,
          ...(failure !== undefined && { reason: failure }),
        })),
      };
    },
  );
}
