import { expect, it } from "vitest";
import { TimeAudit, TIME_TOLERANCE_MS } from "./time-audit.ts";

const START_MS = Date.UTC(2026, 0, 1);
const NOW_MS = START_MS + 86_400_000;

const entryAt = (ms: number): Buffer =>
  Buffer.from(
    `{"v":1,"id":"\\"received_at\\":\\"x","received_at":"${new Date(ms).toISOString()}","action":"a"}`,
  );

function audit(times: readonly number[], parts = 1): TimeAudit {
  const whole = new TimeAudit();
  const length = Math.ceil(times.length / parts);
  for (let begin = 0; begin < times.length; begin += length) {
    const part = new TimeAudit();
    for (const [i, ms] of times.slice(begin, begin + length).entries()) part.entry(entryAt(ms), begin + i);
    whole.part(part.times);
  }
  return whole;
}

it("takes times that go on, or back a little, as they are", () => {
  const times = [0, 5, 5, 3, 1_000, 1_000 - TIME_TOLERANCE_MS, 2_000].map((ms) => START_MS + ms);
  for (const parts of [1, 2, 3]) expect(audit(times, parts).implausible(NOW_MS)).toBeUndefined();
});

it("names an entry that was received well before one that came before it", () => {
  const times = [0, 3_600_000, 7_200_000, 7_200_001, 60_000, 7_300_000].map((ms) => START_MS + ms);
  for (const parts of [1, 2, 3, 6]) {
    const found = audit(times, parts).implausible(NOW_MS);
    expect(found).toMatchObject({ backward: { leafIndex: 4 } });
    // Any of those before that are far enough ahead.
    expect([1, 2, 3]).toContain(found!.backward!.after.leafIndex);
    expect(found!.text).toContain("entry 4 says that it was received at 2026-01-01T00:01:00.000Z");
  }
});

it("names an entry whose time is still to come", () => {
  const found = audit([START_MS, NOW_MS + 2 * TIME_TOLERANCE_MS, START_MS + 1]).implausible(NOW_MS);
  expect(found).toMatchObject({ future: { leafIndex: 1 }, backward: { leafIndex: 2 } });
});

it("reads lines, and passes over those that were taken before", () => {
  const lines = Buffer.concat(
    [0, 1, 2].flatMap((hour) => [entryAt(START_MS + hour * 3_600_000), Buffer.of(10)]),
  );
  const times = new TimeAudit();
  times.lines(lines, 10, 11);
  expect(times.times).toMatchObject({ least: { leafIndex: 11 }, greatest: { leafIndex: 12 } });
  expect(new TimeAudit().implausible(NOW_MS)).toBeUndefined();
});
