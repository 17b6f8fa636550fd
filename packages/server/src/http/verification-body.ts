import { Type, type Static } from "typebox";
import type { VerificationStatus } from "../ops/status.ts";
import { Size } from "./schemas.ts";

/** How far the verifier of a log is. */
export const VerificationBody = Type.Object(
  {
    last_full_at: Type.Optional(
      Type.String({ format: "date-time", description: "When everything was last read and verified" }),
    ),
    running: Type.Boolean(),
    progress: Type.Number({ minimum: 0, maximum: 1, description: "Of the pass that runs" }),
    position: Size,
    entries_per_second: Type.Number({ minimum: 0 }),
    findings: Type.Integer({ minimum: 0, description: "What is stored, and is not what it should be" }),
    late: Type.Boolean({ description: "Not everything was verified in time" }),
  },
  { description: "Of the verifier in this node; absent if it is switched off" },
);

export function verificationJson(status: VerificationStatus): Static<typeof VerificationBody> {
  const { lastFullMs } = status;
  return {
    ...(lastFullMs !== undefined && { last_full_at: new Date(lastFullMs).toISOString() }),
    running: status.isRunning,
    progress: status.progress,
    position: status.position,
    entries_per_second: status.entriesPerSecond,
    findings: status.findings,
    late: status.isLate,
  };
}
