import { expect, it } from "vitest";
import type { Alarm } from "@stele/client";
import { byUrgency } from "./alarm-order.ts";

const ALARM: Alarm = {
  id: "1",
  code: "c",
  log: "main",
  subject: "s",
  severity: "warning",
  message: "m",
  since: "2026-01-01T00:00:00Z",
  clearedAt: undefined,
  acknowledged: undefined,
  hasEvidence: false,
  evidence: undefined,
};
const acknowledged = { at: "2026-01-01T00:00:00Z", by: undefined, note: undefined };

it("puts first what somebody has to look at", () => {
  const alarms: Alarm[] = [
    { ...ALARM, id: "seen", severity: "critical", acknowledged },
    { ...ALARM, id: "old" },
    { ...ALARM, id: "new", since: "2026-01-02T00:00:00Z" },
    { ...ALARM, id: "worst", severity: "critical" },
  ];
  expect(alarms.toSorted(byUrgency).map(({ id }) => id)).toEqual(["worst", "new", "old", "seen"]);
});
