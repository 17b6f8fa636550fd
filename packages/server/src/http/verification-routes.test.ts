import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { tamperSegment } from "../verify/testing/tamper-segment.ts";
import { event, readJson, refusal, serveNode, submit, type ServedNode } from "./testing/served-node.ts";

let served: ServedNode;

afterEach(() => served.close());

interface Answer {
  readonly verification: {
    readonly last_full_at?: string;
    readonly running: boolean;
    readonly progress: number;
    readonly findings: number;
  };
  readonly findings: readonly object[];
}

const url = () => `${served.url}/v1/logs/main/verification`;
const show = async (): Promise<Answer> => await readJson(await fetch(url()));

async function start(): Promise<boolean> {
  const response = await fetch(url(), { method: "POST" });
  expect(response.status).toBe(202);
  return (await readJson<{ started: boolean }>(response)).started;
}

/** Waits for the pass to end, and gives what it showed on the way. */
async function watch(): Promise<readonly Answer[]> {
  const shown: Answer[] = [];
  for (;;) {
    const answer = await show();
    shown.push(answer);
    if (!answer.verification.running) return shown;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it("reads everything now, shows how far it is, and what it found", async () => {
  served = await serveNode({}, { segmentEntries: 1024 });
  await submit(
    served.url,
    Array.from({ length: 2_500 }, () => event()),
  );
  await expect.poll(async () => (await fetchLog()).sealed_size, { timeout: 60_000 }).toBe(2_048);

  expect((await Promise.all([start(), start()])).filter(Boolean)).toHaveLength(1);
  const whole = await watch();
  expect(whole.flatMap(({ findings }) => findings)).toEqual([]);
  expect(whole.at(-1)!.verification).toMatchObject({ last_full_at: expect.any(String), findings: 0 });
  const progress = whole.slice(0, -1).map(({ verification }) => verification.progress);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(progress.at(-1)).toBeLessThanOrEqual(1);

  const segments = join(served.dataDir, "logs", "main", "segments");
  const [, second] = (await readdir(segments)).toSorted().map((name) => join(segments, name));
  await tamperSegment(second!, "CASE WHEN seq = 1500 THEN 'x.y' ELSE action END AS action");
  expect(await start()).toBe(true);
  const shown = (await watch()).at(-1)!;
  expect(shown.verification).toMatchObject({ running: false, findings: shown.findings.length });
  expect(shown.findings).toContainEqual({
    code: "segment_columns_differ",
    message: expect.stringContaining("action"),
    place: second,
    copy: expect.any(String),
    first_index: 1500,
    last_index: 1500,
    found_at: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  const { alarms }: { alarms: { code: string }[] } = await readJson(await fetch(`${served.url}/v1/status`));
  expect(alarms.map(({ code }) => code)).toContain("verification_failed");
}, 180_000);

it("is refused where the verifier is switched off", async () => {
  served = await serveNode({}, { verifyEveryMs: 0 });
  for (const method of ["GET", "POST"]) {
    expect(await refusal(await fetch(url(), { method }))).toMatchObject({
      status: 409,
      error: { code: "verification_off" },
    });
  }
});

it("is shown to readers, and begun by admins", async () => {
  served = await serveNode();
  const [reader, admin] = [await served.token("reader"), await served.token("admin")];
  expect([await statusOf("GET", reader), await statusOf("POST", reader)]).toEqual([200, 403]);
  expect(await statusOf("POST", admin)).toBe(202);
});

async function statusOf(method: string, token: string): Promise<number> {
  return (await fetch(url(), { method, headers: { authorization: `Bearer ${token}` } })).status;
}

async function fetchLog(): Promise<{ sealed_size: number }> {
  return await readJson(await fetch(`${served.url}/v1/logs/main`));
}
