import { describe, expect, it } from "vitest";
import { EVIDENCE_LENGTH_MAX } from "./alarm-evidence.ts";
import { AlarmBoard, type Alarm, type AlarmChange } from "./alarms.ts";

let nowMs = 1_000;
const lagging = (subject = "w1"): Alarm => ({
  code: "witness_lagging",
  log: "main",
  subject,
  severity: "warning",
  message: "is late",
});
const finding: Alarm = {
  code: "verification_failed",
  log: "main",
  subject: "segment 0",
  severity: "critical",
  message: "entry 7 is not what was signed",
  evidence: { index: 7 },
};

function board(kept: AlarmBoard["all"] = []): { board: AlarmBoard; changes: AlarmChange["kind"][] } {
  const changes: AlarmChange["kind"][] = [];
  return {
    board: new AlarmBoard(() => nowMs++, { kept, onChange: ({ kind }) => changes.push(kind) }),
    changes,
  };
}

describe("an alarm", () => {
  it("is told once, until it was over", () => {
    const { board: alarms, changes } = board();
    alarms.raise(lagging());
    alarms.raise({ ...lagging(), message: "is later" });
    const [first] = alarms.active;
    expect(alarms.active).toMatchObject([{ message: "is later" }]);
    alarms.clear(lagging());
    alarms.clear(lagging());
    expect(alarms.active).toEqual([]);
    alarms.raise(lagging());
    expect(alarms.active[0]!.id).not.toBe(first!.id);
    expect(changes).toEqual(["raised", "renewed", "cleared", "raised"]);
    expect(alarms.all).toHaveLength(2);
  });

  it("is told again when it becomes critical, and goes on after an acknowledgement", () => {
    const { board: alarms, changes } = board();
    alarms.raise(lagging());
    alarms.raise({ ...lagging(), severity: "critical" });
    alarms.acknowledge(alarms.active[0]!.id, { note: "on it" });
    expect(alarms.active).toMatchObject([{ severity: "critical", acknowledgement: { note: "on it" } }]);
    alarms.raise({ ...lagging(), severity: "critical" });
    expect(changes).toEqual(["raised", "raised", "acknowledged", "renewed"]);
    expect(alarms.active[0]!.acknowledgement).toBeDefined();
  });

  it("that was there before the start, and is not raised again, is over after an hour", () => {
    const { board: before } = board();
    before.raise(lagging("gone"));
    before.raise(lagging("there"));
    before.raise(finding);
    const { board: after, changes } = board(before.all);
    after.raise(lagging("there"));
    after.settle();
    expect(after.active).toHaveLength(3);
    nowMs += 61 * 60 * 1000;
    after.settle();
    expect(after.active.map(({ subject }) => subject)).toEqual(["there", "segment 0"]);
    expect(changes).toEqual(["renewed", "cleared"]);
  });
});

describe("a finding of verification", () => {
  it("stays until a person acknowledges it, and is not told again, not after a restart either", () => {
    const { board: alarms, changes } = board();
    alarms.raise(finding);
    alarms.clear(finding);
    expect(alarms.active).toHaveLength(1);
    const { id } = alarms.active[0]!;
    alarms.acknowledge(id, { by: "ops", note: "restored" });
    alarms.acknowledge(id, { by: "other" });
    expect(alarms.active).toEqual([]);
    expect(alarms.get(id)).toMatchObject({ acknowledgement: { by: "ops", note: "restored" } });
    const { board: after, changes: later } = board(alarms.all);
    after.raise(finding);
    expect(after.active).toEqual([]);
    expect([...changes, ...later]).toEqual(["raised", "acknowledged", "renewed"]);
    after.raise({ ...finding, subject: "segment 1" });
    expect(after.active).toHaveLength(1);
  });
});

it("keeps bounded evidence, whatever is given", () => {
  const { board: alarms } = board();
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  for (const [i, evidence] of [
    { text: "x".repeat(2 * EVIDENCE_LENGTH_MAX) },
    { big: 7n, bytes: new Uint8Array([1, 2]), error: new Error("why") },
    circle,
  ].entries()) {
    alarms.raise({ ...lagging(`w${i}`), evidence });
  }
  expect(alarms.active.map(({ evidence }) => evidence)).toMatchObject([
    { truncated: true, length: expect.any(Number) },
    { big: "7", bytes: "AQI=", error: "why" },
    { unreadable: expect.any(String) },
  ]);
  expect(JSON.stringify(alarms.all).length).toBeLessThan(2 * EVIDENCE_LENGTH_MAX);
});

it("keeps 1,000: the oldest that are over go first, then warnings, then what is critical", () => {
  const { board: alarms } = board();
  alarms.raise(finding);
  alarms.raise(lagging("over"));
  alarms.clear(lagging("over"));
  for (let i = 0; i < 2_000; i++) alarms.raise(lagging(`w${i}`));
  expect(alarms.all).toHaveLength(1_000);
  expect(alarms.active.map(({ subject }) => subject)).toContain("segment 0");
  expect(alarms.all.map(({ subject }) => subject)).not.toContain("over");
  expect(alarms.all[0]!.subject).toBe("w1999");
});

it("says so if there is no such alarm", () => {
  expect(() => board().board.get("x")).toThrow(expect.objectContaining({ code: "alarm_unknown" }));
});
