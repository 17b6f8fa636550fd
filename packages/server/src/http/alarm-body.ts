import { Type } from "typebox";
import type { AlarmRecord } from "../ops/alarms.ts";
import { alarmJson } from "../ops/notify/notification.ts";

const Time = Type.String({ format: "date-time" });

/** An alarm as the API and notifications have it. */
export const AlarmBody = Type.Object(
  {
    id: Type.String({ description: "16 hexadecimal digits" }),
    code: Type.String({
      description: "Stable: docs/operate/alarms.md has them all",
      examples: ["mirror_failing"],
    }),
    log: Type.Optional(Type.String()),
    subject: Type.String({ description: "What tells it from others of its code: a mirror, a witness, …" }),
    severity: Type.Enum(["warning", "critical"]),
    message: Type.String(),
    since: Time,
    renewed_at: Time,
    cleared_at: Type.Optional(Time),
    acknowledged: Type.Optional(
      Type.Object({ at: Time, by: Type.Optional(Type.String()), note: Type.Optional(Type.String()) }),
    ),
    has_evidence: Type.Optional(Type.Boolean()),
    evidence: Type.Optional(Type.Object({}, { additionalProperties: true })),
  },
  { $id: "Alarm" },
);

/** Without the evidence, of which it tells only whether there is any. */
export function summaryJson({ evidence, ...alarm }: AlarmRecord) {
  return { ...alarmJson(alarm), has_evidence: evidence !== undefined };
}
