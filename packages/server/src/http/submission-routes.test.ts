import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  event,
  readJson,
  refusal,
  serveNode,
  submit,
  type ServedNode,
  type Submitted,
} from "./testing/served-node.ts";

let served: ServedNode;
beforeAll(async () => {
  served = await serveNode({ limits: { bodyBytesMax: 100_000, bodyBytesInFlightMax: 150_000 } });
});
afterAll(() => served.close());

async function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return await fetch(`${served.url}/v1/logs/main/events`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

async function accepted(response: Response): Promise<Submitted> {
  expect(response.status).toBe(201);
  return await readJson(response);
}

describe("accepts", () => {
  it("an event, an array and lines, and gives a receipt for each", async () => {
    const { tree_size } = await accepted(await post(JSON.stringify(event({ id: "one" }))));
    const array = await accepted(await post(JSON.stringify([event({ id: "two" }), event({ id: "three" })])));
    const lines = await submit(served.url, [event({ id: "four" }), event({ id: "two" })]);
    expect(array).toMatchObject({
      tree_size: tree_size + 2,
      receipts: [
        { index: tree_size, id: "two", duplicate: false },
        { index: tree_size + 1, id: "three", duplicate: false },
      ],
    });
    expect(lines).toMatchObject({
      tree_size: tree_size + 3,
      receipts: [
        { index: tree_size + 2, id: "four", duplicate: false },
        { index: tree_size, id: "two", duplicate: true, leaf_hash: array.receipts[0]!.leaf_hash },
      ],
    });
  });

  it("gzip and zstd", async () => {
    const body = JSON.stringify([event(), event()]);
    for (const [encoding, bytes] of [
      ["gzip", gzipSync(body)],
      ["zstd", zstdCompressSync(body)],
      ["GZip", gzipSync(body)],
      ["identity", Buffer.from(body)],
    ] as const) {
      const { receipts } = await accepted(
        await post(new Uint8Array(bytes), { "content-encoding": encoding }),
      );
      expect(receipts).toHaveLength(2);
    }
  });

  it("a Content-Type with its charset", async () => {
    const type = 'application/json; charset="UTF-8"';
    await accepted(await post(JSON.stringify(event()), { "content-type": type }));
  });

  it("a body without a length, in small pieces", async () => {
    const text = JSON.stringify(event({ id: "in-pieces" }));
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(
        `${served.url}/v1/logs/main/events`,
        { method: "POST", headers: { "content-type": "application/json" } },
        (response) => resolve(response.resume().statusCode),
      );
      request.on("error", reject);
      for (const character of text) request.write(character);
      request.end();
    });
    expect(status).toBe(201);
  });

  it("a thousand events, and answers with a thousand receipts", async () => {
    const events = Array.from({ length: 1_000 }, (_, i) => ({ action: "a", actor: { id: `${i}` } }));
    const { receipts, tree_size } = await submit(served.url, events);
    expect(receipts.map(({ index }) => index)).toEqual(events.map((_, i) => tree_size - 1_000 + i));
  });
});

describe("refuses, and adds nothing,", () => {
  let before: number;
  beforeAll(() => {
    before = served.node.log("main")!.head().treeSize;
  });
  afterAll(() => {
    expect(served.node.log("main")!.head().treeSize).toBe(before);
  });

  it("a batch with a bad event, and says which and where", async () => {
    const response = await post(
      JSON.stringify([event(), { action: "Nope", actor: {} }, event({ colour: "red" })]),
    );
    expect(await refusal(response)).toEqual({
      status: 422,
      error: {
        code: "event_invalid",
        message: expect.any(String),
        problems: expect.arrayContaining([
          { position: 1, path: "/action", reason: expect.any(String) },
          { position: 1, path: "/actor/id", reason: expect.any(String) },
          { position: 2, path: "/colour", reason: expect.any(String) },
        ]),
      },
    });
  });

  it.each([
    ["no JSON", "{", {}, 400, "body_malformed"],
    ["an empty body", "", {}, 400, undefined],
    ["no events", "[]", {}, 400, "batch_empty"],
    [
      "cut gzip",
      new Uint8Array(gzipSync("[]").subarray(0, -3)),
      { "content-encoding": "gzip" },
      400,
      "body_malformed",
    ],
    ["no gzip", "[]", { "content-encoding": "gzip" }, 400, "body_malformed"],
    ["another encoding", "[]", { "content-encoding": "br" }, 415, "encoding_unsupported"],
    ["two encodings", "[]", { "content-encoding": "gzip, zstd" }, 415, "encoding_unsupported"],
    ["a form", "a=b", { "content-type": "application/x-www-form-urlencoded" }, 415, "media_type_unsupported"],
    ["plain text", "{}", { "content-type": "text/plain" }, 415, "media_type_unsupported"],
    [
      "another charset",
      "{}",
      { "content-type": "application/json; charset=latin1" },
      415,
      "media_type_unsupported",
    ],
    ["a nearly right type", "{}", { "content-type": "application/jsonx" }, 415, "media_type_unsupported"],
    ["a body over the limit", " ".repeat(100_001), {}, 413, "body_too_large"],
    [
      "a bomb",
      new Uint8Array(gzipSync(Buffer.alloc(32 << 20, " "))),
      { "content-encoding": "gzip" },
      413,
      "body_too_large",
    ],
  ])("%s", async (_what, body, headers, status, code) => {
    const answer = await refusal(await post(body, headers));
    expect(answer).toMatchObject({ status, error: code === undefined ? {} : { code } });
  });

  it("a body over the limit that does not tell its length", async () => {
    const piece = Buffer.alloc(10_000, " ");
    const answer = await new Promise<{ status: number | undefined; connection: unknown }>(
      (resolve, reject) => {
        const request = httpRequest(
          `${served.url}/v1/logs/main/events`,
          { method: "POST", headers: { "content-type": "application/json" } },
          (response) => {
            resolve({ status: response.resume().statusCode, connection: response.headers.connection });
            request.end();
          },
        );
        request.on("error", reject);
        for (let i = 0; i < 30; i++) request.write(piece);
      },
    );
    expect(answer.status).toBe(413);
  });

  it("a log that is not there, before it reads the body", async () => {
    const response = await fetch(`${served.url}/v1/logs/none/events`, {
      method: "POST",
      body: " ".repeat(500_000),
    });
    expect(await refusal(response)).toMatchObject({ status: 404, error: { code: "log_unknown" } });
  });

  it("more than it can hold at one time, and lets it go again", async () => {
    const sockets = await Promise.all(Array.from({ length: 2 }, () => halfSubmission(90_000)));
    const answers = await Promise.race(sockets.map(({ answer }) => answer));
    expect(answers).toContain("HTTP/1.1 503");
    expect(answers).toContain("overloaded");
    expect(answers).toMatch(/retry-after: \d+/);
    for (const { end } of sockets) end();
    await expect.poll(() => served.lines.some((line) => line.includes("request_incomplete"))).toBe(true);
    const { status } = await post(" ".repeat(99_000));
    expect(status).toBe(400);
  });

  it("a body that ends early, and goes on", async () => {
    const { end } = await halfSubmission(10);
    end();
    expect((await fetch(`${served.url}/healthz`)).status).toBe(200);
  });
});

/** Sends the beginning of a body of 100,000 bytes. */
async function halfSubmission(lengthBytes: number): Promise<{ answer: Promise<string>; end: () => void }> {
  const socket = connect(served.port, "127.0.0.1");
  const answer = new Promise<string>((resolve) => {
    socket.once("data", (data) => resolve(data.toString()));
  });
  socket.write(
    "POST /v1/logs/main/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n",
  );
  await new Promise((resolve) => socket.write(" ".repeat(lengthBytes), resolve));
  return { answer, end: () => socket.destroy() };
}
