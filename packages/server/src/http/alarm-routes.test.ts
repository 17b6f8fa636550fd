import { afterAll, beforeAll, expect, it } from "vitest";
import { readJson, refusal, serveNode, type ServedNode } from "./testing/served-node.ts";

let served: ServedNode;
beforeAll(async () => {
  served = await serveNode();
});
afterAll(() => served.close());

interface AlarmAnswer {
  readonly id: string;
  readonly code: string;
  readonly evidence?: unknown;
}

async function list(state = ""): Promise<AlarmAnswer[]> {
  const { alarms } = await readJson<{ alarms: AlarmAnswer[] }>(
    await fetch(`${served.url}/v1/alarms${state}`),
  );
  return alarms;
}

const finding = {
  code: "verification_failed",
  log: "main",
  subject: "segment 0",
  severity: "critical",
  message: "entry 7 is not what was signed",
  evidence: { index: 7 },
} as const;

it("lists, shows and acknowledges alarms; status and metrics have them", async () => {
  served.node.alarms.raise(finding);
  served.node.alarms.raise({ code: "witness_lagging", subject: "w1", severity: "warning", message: "late" });
  const alarms = await list();
  expect(alarms).toMatchObject([
    { code: "witness_lagging", has_evidence: false },
    { code: "verification_failed", log: "main", severity: "critical", has_evidence: true },
  ]);
  const { id } = alarms[1]!;
  expect(alarms[1]).not.toHaveProperty("evidence");
  const shown = await readJson<AlarmAnswer>(await fetch(`${served.url}/v1/alarms/${id}`));
  expect(shown).toMatchObject({ id, evidence: { index: 7 } });
  const status = await readJson<{ alarms: AlarmAnswer[] }>(await fetch(`${served.url}/v1/status`));
  expect(status.alarms.map(({ code }) => code)).toEqual(["verification_failed", "witness_lagging"]);
  const metrics = await (await fetch(`${served.url}/metrics`)).text();
  expect(metrics).toContain('stele_alarms{code="verification_failed",severity="critical",log="main"} 1');
  const acknowledged = await fetch(`${served.url}/v1/alarms/${id}/acknowledge`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ note: "restored" }),
  });
  expect(await readJson(acknowledged)).toMatchObject({
    id,
    acknowledged: { note: "restored", at: expect.any(String) },
  });
  expect((await list()).map(({ code }) => code)).toEqual(["witness_lagging"]);
  expect(await list("?state=all")).toHaveLength(2);
});

it("refuses what is none", async () => {
  expect(await refusal(await fetch(`${served.url}/v1/alarms/none`))).toMatchObject({
    status: 404,
    error: { code: "alarm_unknown" },
  });
  const wrong = ["{", JSON.stringify({ note: "x".repeat(3_000) }), JSON.stringify({ reason: "x" })];
  for (const body of wrong) {
    const answer = await fetch(`${served.url}/v1/alarms/none/acknowledge`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    expect(await refusal(answer)).toMatchObject({ status: 400, error: { code: "parameter_malformed" } });
  }
  const long = await fetch(`${served.url}/v1/alarms/none/acknowledge`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ note: "x".repeat(30_000) }),
  });
  expect(await refusal(long)).toMatchObject({ status: 413, error: { code: "body_too_large" } });
});

it("says that nobody is told", async () => {
  const answer = await fetch(`${served.url}/v1/alarms/test`, { method: "POST" });
  expect(await readJson(answer)).toEqual({ notifiers: [] });
});

it("lets readers see them and admins acknowledge and test", async () => {
  const closed = await serveNode();
  try {
    const statuses: Record<string, number[]> = {};
    for (const role of ["writer", "reader", "admin"] as const) {
      const headers = { authorization: `Bearer ${await closed.token(role)}` };
      statuses[role] = [
        (await fetch(`${closed.url}/v1/alarms`, { headers })).status,
        (await fetch(`${closed.url}/v1/alarms/x/acknowledge`, { method: "POST", headers })).status,
        (await fetch(`${closed.url}/v1/alarms/test`, { method: "POST", headers })).status,
      ];
    }
    expect(statuses).toEqual({ writer: [403, 403, 403], reader: [200, 403, 403], admin: [200, 404, 200] });
  } finally {
    await closed.close();
  }
});
