import { afterEach, expect, it } from "vitest";
import { event, readJson, refusal, serveNode, type ServedNode } from "./testing/served-node.ts";

const expiresAt = new Date("2027-01-01T00:00:00Z");
let nowMs = expiresAt.getTime() - 60_000;
let served: ServedNode;

afterEach(() => served.close());

const ask = (token?: string) =>
  fetch(`${served.url}/v1/session`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });

async function session(token?: string): Promise<object> {
  const response = await ask(token);
  expect(response.status).toBe(200);
  return await readJson(response);
}

it("needs no token at a node that is open, and looks at none", async () => {
  served = await serveNode();
  expect(await session()).toEqual({ token_required: false });
  expect(await session("anything")).toEqual({ token_required: false });
});

it("says whose token it is, and refuses one that is not good", async () => {
  served = await serveNode();
  const writer = await served.token("writer");
  expect(await session()).toEqual({ token_required: true });
  expect(await session(writer)).toEqual({
    token_required: true,
    token: { name: expect.stringMatching(/^writer-/), role: "writer" },
  });
  const unknown = await ask(`${writer}x`);
  expect(unknown.headers.get("www-authenticate")).toBe('Bearer realm="stele", error="invalid_token"');
  expect(await refusal(unknown)).toMatchObject({ status: 401, error: { code: "token_unknown" } });
});

it("refuses a token from the time on at which it expires, and ends its tail", async () => {
  served = await serveNode({ nowMs: () => nowMs, limits: { tailHeartbeatMs: 100 } });
  const token = await served.token("reader", expiresAt);
  expect(await session(token)).toMatchObject({
    token: { role: "reader", expires_at: "2027-01-01T00:00:00.000Z" },
  });
  const headers = { authorization: `Bearer ${token}` };
  const tail = await fetch(`${served.url}/v1/logs/main/tail?from=0`, { headers });
  const reader = tail.body!.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toContain("retry: 1000");
  nowMs = expiresAt.getTime();
  await served.node
    .log("main")!
    .append(Buffer.from(JSON.stringify(event())), { type: "json", encoding: "identity" });
  await expect(drain(reader)).rejects.toThrow();
  const response = await fetch(`${served.url}/v1/logs`, { headers });
  expect(response.headers.get("www-authenticate")).toContain('error="invalid_token"');
  expect(await refusal(response)).toMatchObject({
    status: 401,
    error: { code: "token_expired", message: expect.stringContaining("2027-01-01T00:00:00.000Z") },
  });
  expect(await refusal(await ask(token))).toMatchObject({ status: 401, error: { code: "token_expired" } });
});

it("ends a tail that has nothing to send when its token expires, not with the next sign of life", async () => {
  served = await serveNode({ limits: { tailHeartbeatMs: 3_600_000 } });
  const token = await served.token("reader", new Date(Date.now() + 1_500));
  const headers = { authorization: `Bearer ${token}` };
  const tail = await fetch(`${served.url}/v1/logs/main/tail`, { headers });
  expect(tail.status).toBe(200);
  await expect(drain(tail.body!.getReader())).rejects.toThrow();
  expect(await refusal(await ask(token))).toMatchObject({ status: 401, error: { code: "token_expired" } });
});

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}
