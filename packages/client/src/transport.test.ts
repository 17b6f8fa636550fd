import { describe, expect, test } from "vitest";
import {
  accept,
  client,
  faultyNode,
  hang,
  json,
  resetAfter,
  resetBefore,
  unavailable,
  type Handler,
} from "./testing/faulty-node.ts";
import { SteleClient } from "./client.ts";

const event = { action: "document.updated", actor: { id: "alice" } };

describe("append", () => {
  test.each([
    ["a connection reset before the answer", resetBefore],
    ["a connection reset within the answer", resetAfter],
    ["503", unavailable("0")],
    ["429", (_, response) => json(response, 429, { error: { code: "slow_down", message: "…" } })],
    ["a proxy's 502", (_, response) => void response.writeHead(502).end("<html>Bad gateway</html>")],
    ["a proxy's 504", (_, response) => void response.writeHead(504).end()],
  ] satisfies [string, Handler][])("is sent again, with the same ids, after %s", async (_, fault) => {
    const node = await faultyNode(fault, fault, accept);
    const { receipts, treeSize } = await client([node]).stele.append([event, { ...event, id: "mine" }]);

    expect(node.requests).toHaveLength(3);
    expect(new Set(node.requests.map(({ body }) => body)).size).toBe(1);
    expect(receipts[0]!.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(receipts[1]!.id).toBe("mine");
    expect(treeSize).toBe(2);
    expect(node.requests[0]).toMatchObject({ method: "POST", url: "/v1/logs/main/events" });
    expect(node.requests[0]!.headers["content-type"]).toBe("application/x-ndjson");
  });

  test("gives up after the bounded number of attempts, with the node's code", async () => {
    const node = await faultyNode(unavailable("0"));
    await expect(client([node], { attemptsMax: 4 }).stele.append([event])).rejects.toMatchObject({
      name: "UnavailableError",
      code: "overloaded",
    });
    expect(node.requests).toHaveLength(4);
  });

  test("waits as long as Retry-After asks, and not at all if that is past the call's time", async () => {
    const patient = await faultyNode(unavailable("7"), accept);
    const { stele, pauses } = client([patient]);
    await stele.append([event]);
    expect(pauses).toEqual([7000]);

    const hurried = await faultyNode(unavailable("7"), accept);
    await expect(client([hurried], { timeoutMs: 5000 }).stele.append([event])).rejects.toMatchObject({
      code: "overloaded",
      retryAfterMs: 7000,
    });
    expect(hurried.requests).toHaveLength(1);
  });

  test("backs off with full jitter: never more than 100 ms × 2^round, up to 10 s", async () => {
    const node = await faultyNode(unavailable("0"));
    const { stele, pauses } = client([node], { attemptsMax: 12, timeoutMs: 600_000 });
    await expect(stele.append([event])).rejects.toMatchObject({ code: "overloaded" });
    expect(pauses).toHaveLength(11);
    for (const [round, ms] of pauses.entries()) expect(ms).toBeLessThan(Math.min(10_000, 100 * 2 ** round));
  });

  test("goes to the next endpoint at once, and stays there", async () => {
    const [dead, alive] = [await faultyNode(resetBefore), await faultyNode(accept)];
    const { stele, pauses } = client([dead, alive]);
    await stele.append([event]);
    await stele.append([event]);
    expect(pauses).toEqual([0]);
    expect(dead.requests).toHaveLength(1);
    expect(alive.requests).toHaveLength(2);
    expect(stele.endpoint).toBe(alive.url);
  });

  test("a node that hangs costs one attempt's time; then the next one is asked", async () => {
    const [hanging, alive] = [await faultyNode(hang), await faultyNode(accept)];
    const { stele } = client([hanging, alive], { attemptTimeoutMs: 1_000 });
    await stele.append([event]);
    expect(alive.requests).toHaveLength(1);
  });

  test("times out when nothing answers", async () => {
    const node = await faultyNode(hang);
    const { stele } = client([node], { attemptTimeoutMs: 50, attemptsMax: 2 });
    await expect(stele.append([event])).rejects.toMatchObject({ code: "timed_out" });
    await expect(stele.append([event], { timeoutMs: 60, attemptsMax: 99 })).rejects.toMatchObject({
      code: "timed_out",
    });
  });

  test("says that no node answers", async () => {
    const node = await faultyNode(accept);
    node.close();
    await expect(client([node], { attemptsMax: 2 }).stele.append([event])).rejects.toMatchObject({
      name: "UnavailableError",
      code: "unreachable",
    });
  });

  test("a signal ends it, also while it pauses", async () => {
    const hanging = await faultyNode(hang);
    const reason = new Error("enough");
    await expect(client([hanging]).stele.append([event], { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const stop = new AbortController();
    setTimeout(() => stop.abort(reason), 30);
    await expect(client([hanging]).stele.append([event], { signal: stop.signal })).rejects.toBe(reason);

    const busy = await faultyNode(unavailable("30"));
    const stopped = AbortSignal.timeout(50);
    const stele = new SteleClient({ endpoints: [busy.url] });
    await expect(stele.append([event], { signal: stopped })).rejects.toMatchObject({ name: "TimeoutError" });
  });

  test("a refusal keeps the node's code and problems, and is not sent again", async () => {
    const problems = [{ position: 1, path: "/actor/id", reason: "is required" }];
    const node = await faultyNode((_, response) =>
      json(response, 422, { error: { code: "event_invalid", message: "One event is invalid", problems } }),
    );
    const told: string[] = [];
    const { stele } = client([node], { onRefused: ({ code }) => told.push(code) });
    await expect(stele.append([event, event])).rejects.toMatchObject({
      name: "RefusedError",
      code: "event_invalid",
      status: 422,
      problems,
    });
    expect(node.requests).toHaveLength(1);
    expect(told).toEqual(["event_invalid"]);
  });

  test("a conflict is a ConflictError, a page of some proxy an http_<status>", async () => {
    const node = await faultyNode(
      (_, response) => json(response, 409, { error: { code: "log_exists", message: "It is there" } }),
      (_, response) => void response.writeHead(404).end("<html>"),
    );
    const { stele } = client([node]);
    await expect(stele.createLog("x")).rejects.toMatchObject({ name: "ConflictError", code: "log_exists" });
    await expect(stele.createLog("x")).rejects.toMatchObject({ name: "RefusedError", code: "http_404" });
  });

  test("an answer that no node gives is malformed", async () => {
    const node = await faultyNode(
      (_, response) => json(response, 201, { tree_size: 1, receipts: [] }),
      (_, response) => json(response, 201, { tree_size: -1, receipts: [{}] }),
      (_, response) => void response.writeHead(200).end("hello"),
    );
    const { stele } = client([node]);
    for (let i = 0; i < 3; i++) {
      await expect(stele.append([event])).rejects.toMatchObject({ code: "response_malformed" });
    }
  });

  test("an endless answer is cut off", async () => {
    const node = await faultyNode((_, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(1 << 20, 32);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", more);
      more();
    });
    await expect(client([node]).stele.logs()).rejects.toMatchObject({ code: "response_too_large" });
  });

  test("JSON text is sent as it is, with an id in front if it has none", async () => {
    const node = await faultyNode(accept);
    const { stele } = client([node]);
    await stele.append([
      '{ "action":"a", "n":9007199254740993 }',
      '{"id":"x",\n"action":"b"}',
      "[]",
      " { } ",
    ]);
    const [first, second, third, fourth] = node.requests[0]!.body.split("\n");
    expect(first).toMatch(/^\{"id":"[0-9a-f-]{36}", "action":"a", "n":9007199254740993 \}$/);
    expect(second).toBe('{"id":"x", "action":"b"}');
    expect(third).toBe("[]");
    expect(fourth).toMatch(/^\{"id":"[0-9a-f-]{36}"\} $/);
  });

  test("text that is not JSON, or has the id null, is not sent", async () => {
    const node = await faultyNode(accept);
    await expect(client([node]).stele.append([event, "{", '{"id":null}'])).rejects.toMatchObject({
      name: "RefusedError",
      code: "event_invalid",
      problems: [
        { position: 1, path: "" },
        { position: 2, path: "/id" },
      ],
    });
    expect(node.requests).toHaveLength(0);
  });

  test("the token is sent as a bearer token", async () => {
    const node = await faultyNode(accept);
    await client([node], { token: "stele_secret" }).stele.append([event]);
    expect(node.requests[0]!.headers.authorization).toBe("Bearer stele_secret");
  });

  test("endpoints must be http or https URLs", () => {
    for (const endpoints of [[], ["ftp://x"], ["nonsense"], ["http://x?y=z"]]) {
      expect(() => new SteleClient({ endpoints })).toThrow(
        expect.objectContaining({ code: "endpoint_malformed" }),
      );
    }
  });
});
