import { connect } from "node:net";
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Role } from "../access/role.ts";
import { event, readJson, refusal, serveNode, submit, type ServedNode } from "./testing/served-node.ts";

describe("a node that is open", () => {
  let served: ServedNode;
  beforeAll(async () => {
    served = await serveNode({ limits: { requestTimeoutMs: 1_000 } });
  });
  afterAll(() => served.close());

  it("makes logs", async () => {
    const put = (name: string) => fetch(`${served.url}/v1/logs/${name}`, { method: "PUT" });
    const made = await put("audit-2");
    expect(made.status).toBe(201);
    const log: object = await readJson(made);
    expect(log).toEqual({
      name: "audit-2",
      origin: expect.stringMatching(/\/logs\/audit-2$/),
      vkey: expect.stringContaining("+"),
      tree_size: 0,
      sealed_size: 0,
    });
    const again = await put("audit-2");
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual(log);
    await submit(served.url, [event()], "audit-2");
    const one = await fetch(`${served.url}/v1/logs/audit-2`);
    expect(await one.json()).toEqual({ ...log, tree_size: 1 });
    const all: { logs: { name: string }[] } = await readJson(await fetch(`${served.url}/v1/logs`));
    expect(all.logs.map(({ name }) => name)).toEqual(["main", "audit-2"]);
  });

  it.each(["Main", "-a", "a_b", "a.b", "x".repeat(64), "a%2fb", "%00"])(
    "makes no log called %s",
    async (name) => {
      const response = await fetch(`${served.url}/v1/logs/${name}`, { method: "PUT" });
      expect(await refusal(response)).toMatchObject({ status: 400, error: { code: "log_name_malformed" } });
    },
  );

  it.each([
    ["GET", "/v1/logs/none"],
    ["GET", "/v1/logs/none/events"],
    ["GET", "/v1/logs/none/events/0"],
    ["GET", "/v1/logs/none/tail"],
    ["GET", "/v1/logs/none/top?field=actor"],
    ["GET", "/v1/logs/none/histogram"],
    ["GET", "/v1/logs/none/proof/inclusion?index=0"],
    ["GET", "/v1/logs/none/proof/consistency?from=0"],
    ["POST", "/v1/logs/none/events"],
    ["GET", "/logs/none/checkpoint"],
    ["GET", "/logs/none/tile/0/000"],
  ])("has no such log: %s %s", async (method, path) => {
    const response = await fetch(served.url + path, { method });
    expect(await refusal(response)).toMatchObject({ status: 404, error: { code: "log_unknown" } });
  });

  it.each([
    ["GET", "/none", 404, "route_unknown"],
    ["DELETE", "/v1/logs/main", 404, "route_unknown"],
    ["POST", "/v1/logs", 404, "route_unknown"],
    ["GET", "/v1/logs/", 404, "log_unknown"],
    ["GET", "/v1/logs/%zz", 400, "request_malformed"],
  ])("answers %s %s with %s %s", async (method, path, status, code) => {
    const response = await fetch(served.url + path, { method });
    expect(await refusal(response)).toMatchObject({ status, error: { code } });
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("takes no body where none belongs", async () => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${served.url}/v1/logs/x`, { method: "PUT", headers, body: "{}" });
    expect(await refusal(response)).toMatchObject({ status: 415, error: { code: "media_type_unsupported" } });
  });

  it("sends headers that keep browsers from doing more than was asked", async () => {
    for (const path of ["/healthz", "/v1/logs", "/nothing", "/docs/"]) {
      const { headers } = await fetch(served.url + path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("content-security-policy")).not.toContain("unsafe");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  it("does not answer another host's name, or another site's page", async () => {
    expect(await rawStatus(served.port, { host: "rebound.example" })).toBe(403);
    expect(await rawStatus(served.port, { host: `localhost:${served.port}` })).toBe(200);
    const headers = { "content-type": "application/json", origin: "http://evil.example" };
    const post = await fetch(`${served.url}/v1/logs/main/events`, {
      method: "POST",
      headers,
      body: JSON.stringify(event()),
    });
    expect(await refusal(post)).toMatchObject({ status: 403, error: { code: "origin_not_allowed" } });
    expect((await fetch(served.url + "/healthz", { headers: { origin: served.url } })).status).toBe(200);
  });

  it.each([
    ["GARBAGE\r\n\r\n", 400, "request_malformed"],
    [
      `GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ${"y".repeat(20_000)}\r\n\r\n`,
      431,
      "headers_too_large",
    ],
  ])("answers what is no request: %#", async (text, status, code) => {
    const answer = await rawAnswer(served.port, text);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain(`{"error":{"code":"${code}"`);
  });

  it("does not wait for the rest of a request for ever", async () => {
    const answer = await rawAnswer(
      served.port,
      "POST /v1/logs/main/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n[",
    );
    expect(answer).toContain("HTTP/1.1 408 ");
    expect(answer).toContain("request_timeout");
  }, 60_000);

  it("is alive, ready and measured", async () => {
    expect(await (await fetch(`${served.url}/healthz`)).json()).toEqual({ alive: true });
    expect(await (await fetch(`${served.url}/readyz`)).json()).toEqual({ ready: true });
    await submit(served.url, [event({ id: "m" }), event()]);
    await submit(served.url, [event({ id: "m" })]);
    await fetch(`${served.url}/v1/logs/main/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{",
    });
    const response = await fetch(`${served.url}/metrics`);
    expect(response.headers.get("content-type")).toContain("text/plain");
    const text = await response.text();
    expect(text).toMatch(/^stele_events_total\{log="main"\} 2$/m);
    expect(text).toMatch(/^stele_duplicates_total\{log="main"\} 1$/m);
    expect(text).toMatch(/^stele_tree_size\{log="main"\} 2$/m);
    expect(text).toMatch(/^stele_rejected_submissions_total\{log="main",code="body_malformed"\} 1$/m);
    expect(text).toMatch(
      /^stele_http_request_seconds_count\{.*route="\/v1\/logs\/:log\/events".*status="201".*\} \d+$/m,
    );
    expect(text).toContain("process_resident_memory_bytes");
  });

  it("answers an error of its own with nothing but that, and writes it down", async () => {
    const log = served.node.log("main")!;
    const readEntries = log.readEntries.bind(log);
    log.readEntries = () => Promise.reject(new Error("secret detail"));
    const response = await fetch(`${served.url}/v1/logs/main/events/0`);
    log.readEntries = readEntries;
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ error: { code: "internal" } });
    expect(text).not.toContain("secret");
    expect(served.lines.some((line) => line.includes("secret detail"))).toBe(true);
  });
});

describe("a node with tokens", () => {
  let served: ServedNode;
  const tokens = new Map<Role | "none", string>();
  beforeAll(async () => {
    served = await serveNode();
    await submit(served.url, [event()]);
    for (const role of ["writer", "reader", "admin"] as const) tokens.set(role, await served.token(role));
    tokens.set("none", `stele_${"A".repeat(43)}`);
  });
  afterAll(() => served.close());

  const reads = [
    "/v1/logs",
    "/v1/logs/main",
    "/v1/logs/main/events",
    "/v1/logs/main/events/0",
    "/v1/logs/main/proof/inclusion?index=0",
    "/v1/logs/main/proof/consistency?from=0",
    "/v1/logs/main/histogram",
    "/v1/logs/main/top?field=actor",
    "/logs/main/checkpoint",
    "/logs/main/tile/0/000.p/1",
    "/metrics",
  ];

  async function statuses(method: string, path: string): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const [role, token] of tokens) {
      const response = await fetch(served.url + path, {
        method,
        headers: { authorization: `Bearer ${token}` },
      });
      await response.arrayBuffer();
      found[role] = response.status;
    }
    const { status } = await fetch(served.url + path, { method });
    return { ...found, without: status };
  }

  it.each(reads)("lets readers read %s", async (path) => {
    expect(await statuses("GET", path)).toEqual({
      writer: 403,
      reader: 200,
      admin: 200,
      none: 401,
      without: 401,
    });
    expect(await statuses("HEAD", path)).toEqual({
      writer: 403,
      reader: 200,
      admin: 200,
      none: 401,
      without: 401,
    });
  });

  it("lets writers write", async () => {
    expect(await statuses("POST", "/v1/logs/main/events")).toEqual({
      writer: 415,
      reader: 403,
      admin: 415,
      none: 401,
      without: 401,
    });
  });

  it("lets admins make logs", async () => {
    expect(await statuses("PUT", "/v1/logs/b")).toEqual({
      writer: 403,
      reader: 403,
      admin: 201,
      none: 401,
      without: 401,
    });
  });

  it.each(["/healthz", "/docs/", "/docs/json"])("lets anyone see %s, by any name", async (path) => {
    expect(await rawStatus(served.port, { host: "stele.example" }, path)).toBe(200);
  });

  it("says what it wants", async () => {
    const without = await listLogs(served);
    expect(without.headers.get("www-authenticate")).toBe('Bearer realm="stele", scope="reader"');
    expect(await refusal(without)).toMatchObject({ status: 401, error: { code: "token_required" } });
    const unknown = await listLogs(served, tokens.get("none"));
    expect(unknown.headers.get("www-authenticate")).toContain('error="invalid_token"');
    const low = await listLogs(served, tokens.get("writer"));
    expect(low.headers.get("www-authenticate")).toContain('error="insufficient_scope", scope="reader"');
    expect(await refusal(low)).toMatchObject({
      status: 403,
      error: { code: "role_insufficient", message: expect.stringContaining("reader") },
    });
  });

  it("ends the tail of a token that is revoked", async () => {
    const token = await served.token("reader");
    const response = await fetch(`${served.url}/v1/logs/main/tail?from=0`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const reader = response.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain("retry: 1000");
    await served.revoke(token);
    await served.node
      .log("main")!
      .append(Buffer.from(JSON.stringify(event())), { type: "json", encoding: "identity" });
    await expect(drain(reader)).rejects.toThrow();
  });

  it("never writes a token, a query or a body down", async () => {
    const token = tokens.get("reader")!;
    const headers = { authorization: `Bearer ${token}` };
    await fetch(`${served.url}/v1/logs/main/events?q=nobody:private`, { headers });
    await fetch(`${served.url}/nothing?token=${token}`, { headers });
    await fetch(`${served.url}/v1/logs`, { headers: { authorization: `Bearer ${token}x` } });
    const lines = served.lines.join("");
    expect(lines).toContain("query_invalid");
    expect(lines).toContain("route_unknown");
    expect(lines).not.toContain(token);
    expect(lines).not.toContain("private");
  });
});

describe("closing", () => {
  it("finishes what is under way and takes nothing more", async () => {
    const served = await serveNode();
    const log = served.node.log("main")!;
    const append = log.append.bind(log);
    let begun = 0;
    log.append = async (...submission) => {
      begun++;
      return await append(...submission);
    };
    const body = JSON.stringify(Array.from({ length: 500 }, () => event()));
    const posts = Array.from({ length: 8 }, () =>
      fetch(`${served.url}/v1/logs/main/events`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      }),
    );
    await expect.poll(() => begun, { timeout: 20_000 }).toBe(posts.length);
    const startedMs = performance.now();
    await served.closeServer();
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    for (const post of posts) expect((await post).status).toBe(201);
    expect(log.head().treeSize).toBe(posts.length * 500);
    await expect(fetch(`${served.url}/healthz`)).rejects.toThrow();
    await served.close();
  });

  it("does not wait for who does not go", async () => {
    const served = await serveNode({ limits: { closeGraceMs: 300 } });
    const socket = connect(served.port, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    await new Promise((resolve) =>
      socket.write("POST /v1/logs/main/events HTTP/1.1\r\nhost: localhost\r\n", resolve),
    );
    const startedMs = performance.now();
    await served.close();
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});

async function rawStatus(
  port: number,
  headers: Record<string, string>,
  path = "/healthz",
): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: "127.0.0.1", path, headers }, (response) =>
      resolve(response.resume().statusCode),
    );
    request.on("error", reject).end();
  });
}

async function rawAnswer(port: number, text: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => (answer += data.toString()));
    socket.on("end", () => resolve(answer)).on("error", reject);
    socket.write(text);
  });
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}

async function listLogs({ url }: ServedNode, token?: string): Promise<Response> {
  return await fetch(
    `${url}/v1/logs`,
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  );
}
