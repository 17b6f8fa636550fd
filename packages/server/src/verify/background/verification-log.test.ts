import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { systemClock } from "../../log/clock.ts";
import type { Alarm } from "../../ops/alarms.ts";
import { VerificationLog } from "./verification-log.ts";
import { VerifierState } from "./verifier-state.ts";

it("raises an alarm for each of the first findings, and one for all others", async () => {
  const directory = await mkdtemp(join(tmpdir(), "stele-findings-"));
  const state = await VerifierState.open(directory, "main", "test.example/log", 0);
  const raised: Alarm[] = [];
  const alarms = { raise: (alarm: Alarm) => void raised.push(alarm), clear: () => undefined };
  const log = new VerificationLog("main", state, alarms, systemClock);
  const findings = Array.from({ length: 30 }, (_, i) => ({
    copy: "here",
    place: `commit ${i}`,
    code: "journal_corrupt",
    message: "damaged",
    evidence: {},
  }));
  await log.found(findings, "commit");
  await log.found(findings, "commit");
  expect(log.present).toHaveLength(30);
  expect(new Set(raised.map(({ subject }) => subject)).size).toBe(21);
  expect(raised.at(-1)).toMatchObject({
    subject: "and more",
    message: expect.stringContaining("30 places") as unknown,
  });
  await rm(directory, { recursive: true });
});
