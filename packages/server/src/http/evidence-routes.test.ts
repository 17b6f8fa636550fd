import { gunzipSync } from "node:zlib";
import { parseEvidence, verifyEvidence } from "@stele/proof";
import { afterAll, beforeAll, expect, test } from "vitest";
import { event, readJson, refusal, serveNode, submit, type ServedNode } from "./testing/served-node.ts";

let served: ServedNode;

beforeAll(async () => {
  served = await serveNode();
  const events = Array.from({ length: 700 }, (_, i) =>
    event({ id: `e-${i}`, action: i % 7 === 0 ? "door.opened" : "door.closed" }),
  );
  await submit(served.url, events);
});

afterAll(() => served.close());

const get = async (parameters: string, headers: Record<string, string> = {}) =>
  await fetch(`${served.url}/v1/logs/main/evidence${parameters}`, { headers });

async function bundleOf(response: Response) {
  expect(response.status).toBe(200);
  return parseEvidence(gunzipSync(new Uint8Array(await response.arrayBuffer())));
}

test("exports exactly what a search finds, with what proves it", async () => {
  const response = await get("?q=action:door.opened&actor=alice");
  expect(response.headers.get("content-disposition")).toBe('attachment; filename="main-700.stele-evidence"');
  expect(response.headers.get("content-length")).not.toBeNull();
  const evidence = await bundleOf(response);
  const { vkey } = served.node.log("main")!;
  const verified = verifyEvidence(evidence, { vkey });
  expect(verified.entries.map(({ leafIndex }) => leafIndex)).toEqual(
    Array.from({ length: 100 }, (_, i) => 7 * i),
  );
  expect(evidence.declared).toMatchObject({
    by: undefined,
    query: "action:door.opened actor:alice",
    normalQuery: "action:door.opened actor:alice",
    searchedSize: 700,
    allMatches: true,
  });
});

test("a limit is told, also when it is exactly what there is", async () => {
  const few = await bundleOf(await get("?q=action:door.opened&limit=99"));
  expect([few.entries.length, few.declared.allMatches]).toEqual([99, false]);
  const all = await bundleOf(await get("?q=action:door.opened&limit=100"));
  expect([all.entries.length, all.declared.allMatches]).toEqual([100, true]);
  const none = await bundleOf(await get("?actor=nobody"));
  expect([none.entries.length, none.proof.length]).toEqual([0, 0]);
});

test("the whole log, and entries of other nodes' segments are no different", async () => {
  const all = await bundleOf(await get(""));
  expect([all.proof, all.provable.run]).toEqual([[], { first: 0, last: 699 }]);
});

test("refuses what it can't understand, and logs that are not there", async () => {
  expect(await refusal(await get("?outcome=good"))).toMatchObject({ status: 400 });
  expect(await refusal(await get("?limit=0"))).toMatchObject({ status: 400 });
  const elsewhere = await fetch(`${served.url}/v1/logs/other/evidence`);
  expect(await refusal(elsewhere)).toMatchObject({ status: 404, error: { code: "log_unknown" } });
});

test("serves the page that verifies, with the policy of the page, to anyone", async () => {
  const response = await fetch(`${served.url}/verify.html`);
  expect(response.status).toBe(200);
  const html = await response.text();
  const policy = response.headers.get("content-security-policy")!;
  expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[^']+'; .*; frame-ancestors 'none'$/);
  expect(html).toContain(policy.slice(0, policy.indexOf("; frame-ancestors")));
});

test("with tokens: for readers, and the file says whose token it was", async () => {
  const reader = await served.token("reader");
  const writer = await served.token("writer");
  expect(await refusal(await get(""))).toMatchObject({ status: 401 });
  const withToken = (token: string) => get("?limit=1", { authorization: `Bearer ${token}` });
  expect(await refusal(await withToken(writer))).toMatchObject({ status: 403 });
  const { declared } = await bundleOf(await withToken(reader));
  expect(declared.by).toMatch(/^reader-[0-9a-f]{8}$/);
  expect((await fetch(`${served.url}/verify.html`)).status).toBe(200);
});

test("a bundle that would be too large is refused whole", async () => {
  const { collectEvidence } = await import("../evidence/collect-evidence.ts");
  const limits = {
    entriesMax: 10,
    lengthMax: 1 << 20,
    searchTimeMsMax: 10_000,
    indexWaitMsMax: 10_000,
    witnessWaitMsMax: 0,
  };
  const request = { query: { terms: [] }, queryText: "", by: undefined, nowMs: 0 };
  const log = served.node.log("main")!;
  const { signal } = new AbortController();
  for (const tight of [limits, { ...limits, entriesMax: 700, lengthMax: 1_000 }]) {
    await expect(collectEvidence(log, request, tight, signal)).rejects.toMatchObject({
      code: "evidence_too_large",
    });
  }
  const aborted = AbortSignal.abort();
  await expect(collectEvidence(log, request, limits, aborted)).rejects.toThrow();
  expect(await readJson(await fetch(`${served.url}/healthz`))).toEqual({ alive: true });
});
