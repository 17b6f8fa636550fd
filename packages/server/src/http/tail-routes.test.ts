import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { event, refusal, serveNode, submit, type ServedNode } from "./testing/served-node.ts";

let served: ServedNode;
let tail: string;
let stop = new AbortController();

beforeAll(async () => {
  served = await serveNode({ limits: { tailHeartbeatMs: 200, tailsMax: 4, closeGraceMs: 2_000 } });
  tail = `${served.url}/v1/logs/main/tail`;
  await submit(
    served.url,
    Array.from({ length: 1_500 }, (_, i) =>
      event({ id: `${i}`, actor: { id: i % 100 === 0 ? "bob" : "alice" } }),
    ),
  );
});
afterAll(() => served.close());
afterEach(() => {
  stop.abort();
  stop = new AbortController();
});

interface Message {
  readonly id: number;
  readonly data?: { readonly index: number; readonly state: string; readonly entry: { readonly id: string } };
}

/** The messages of a tail: those with data, and the signs of life that carry an id. */
async function* follow(
  query = "",
  headers: Record<string, string> = {},
  url = tail,
): AsyncGenerator<Message, void, undefined> {
  const response = await fetch(`${url}${query}`, { headers, signal: stop.signal });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body!) {
    const blocks = (text + decoder.decode(chunk, { stream: true })).split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const id = /^id: (\d+)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (id !== undefined) yield { id: Number(id), ...(data !== undefined && { data: JSON.parse(data) }) };
    }
  }
}

async function take(count: number, messages: AsyncGenerator<Message, void, undefined>): Promise<Message[]> {
  const taken: Message[] = [];
  while (taken.length < count) {
    const { value, done } = await messages.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

const indexes = (messages: readonly Message[]) => messages.map(({ id }) => id);

describe("a tail", () => {
  it("begins with what comes next", async () => {
    const messages = filterData(follow(), 2);
    const first = messages.next();
    await expect.poll(() => tailCount()).toBe(1);
    const { receipts } = await submit(served.url, [event({ id: "new-1" }), event({ id: "new-2" })]);
    expect((await first).value).toEqual({
      id: receipts[0]!.index,
      data: {
        index: receipts[0]!.index,
        state: "committed",
        entry: expect.objectContaining({ id: "new-1" }),
      },
    });
    expect((await messages.next()).value).toMatchObject({ data: { entry: { id: "new-2" } } });
  });

  it("catches up from any index and goes on, without gap or repetition", async () => {
    const messages = follow("?from=1");
    const size = served.node.log("main")!.head().treeSize;
    expect(indexes(await take(size - 1, messages))).toEqual(
      Array.from({ length: size - 1 }, (_, i) => i + 1),
    );
    await submit(served.url, [event(), event(), event()]);
    const later = (await take(10, filterData(messages, 3))).map(({ id }) => id);
    expect(later).toEqual([size, size + 1, size + 2]);
  });

  it("resumes behind Last-Event-ID, whatever `from` is", async () => {
    expect(indexes(await take(2, follow("?from=5", { "last-event-id": "41" })))).toEqual([42, 43]);
  });

  it("gives what the query finds, and tells how far it has looked", async () => {
    const size = served.node.log("main")!.head().treeSize;
    const messages = follow("?from=0&q=actor:bob");
    const hits = await take(15, messages);
    expect(indexes(hits)).toEqual(Array.from({ length: 15 }, (_, i) => i * 100));
    const sign = (await messages.next()).value;
    expect(sign).toEqual({ id: size - 1 });
    const parameter = await take(2, follow("?from=0&actor=bob"));
    expect(indexes(parameter)).toEqual([0, 100]);
  });

  it("looks for long values at the places that they have", async () => {
    const response = await fetch(`${tail}?q=${"a".repeat(256)} actor:${"a".repeat(500)}*`, {
      signal: stop.signal,
    });
    expect(response.status).toBe(200);
  });

  it("waits for an index that is not there yet", async () => {
    const size = served.node.log("main")!.head().treeSize;
    const messages = filterData(follow(`?from=${size + 1}`), 1);
    const first = messages.next();
    await expect.poll(() => tailCount()).toBe(1);
    await submit(served.url, [event(), event({ id: "awaited" })]);
    expect((await first).value).toMatchObject({ id: size + 1, data: { entry: { id: "awaited" } } });
  });

  it.each([
    ["?from=-1", {}, "parameter_malformed"],
    ["?from=x", {}, "parameter_malformed"],
    ["", { "last-event-id": "x" }, "parameter_malformed"],
    ["?q=outcome:good", {}, "query_invalid"],
    ["?nothing=1", {}, "query_invalid"],
    [`?q=${"a".repeat(257)}`, {}, "parameter_malformed"],
    [`?q=${"a".repeat(200)} metadata.x:*${"a".repeat(57)}*`, {}, "parameter_malformed"],
  ])("is refused: %s %j", async (query, headers, code) => {
    const response = await fetch(tail + query, { headers });
    expect(await refusal(response)).toMatchObject({ status: 400, error: { code } });
  });

  it("is one of a few", async () => {
    const four = Array.from({ length: 4 }, () => follow());
    const open = four.map((messages) => messages.next());
    await expect.poll(() => tailCount()).toBe(4);
    const response = await fetch(tail);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await refusal(response)).toMatchObject({ status: 503, error: { code: "tails_too_many" } });
    stop.abort();
    await Promise.allSettled(open);
    await expect.poll(() => tailCount()).toBe(0);
  });

  it("is one of a few of each client", async () => {
    const other = await serveNode({ limits: { tailsMax: 3, tailsPerClientMax: 2 } });
    const refused = { status: 429, error: { code: "client_tails_too_many" } };
    try {
      const open = async (token?: string) => {
        const leave = new AbortController();
        const response = await fetch(`${other.url}/v1/logs/main/tail`, {
          signal: leave.signal,
          headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        });
        return { response, leave: () => leave.abort() };
      };
      const statuses = async (...tails: ReturnType<typeof open>[]) =>
        (await Promise.all(tails)).map(({ response }) => response.status);
      const byAddress = [await open(), await open()];
      expect(await refusal((await open()).response)).toMatchObject(refused);
      for (const { leave } of byAddress) leave();

      const [alice, bob] = [await other.token("reader"), await other.token("reader")];
      const first = await open(alice);
      expect(await statuses(Promise.resolve(first), open(alice))).toEqual([200, 200]);
      const third = (await open(alice)).response;
      expect(third.headers.get("retry-after")).toBe("1");
      expect(await refusal(third)).toMatchObject(refused);
      expect(await statuses(open(bob), open(bob))).toEqual([200, 503]);
      first.leave();
      await expect.poll(async () => await statuses(open(alice))).toEqual([200]);
    } finally {
      await other.close();
    }
  });

  it("of a client that does not read costs no memory", async () => {
    const log = served.node.log("main")!;
    const large = Array.from({ length: 250 }, () => event({ metadata: { text: "x".repeat(60_000) } }));
    await submit(served.url, large);
    let reads = 0;
    const readEntries = log.readEntries.bind(log);
    log.readEntries = async (from, to) => {
      reads += to - from;
      return await readEntries(from, to);
    };
    const socket = connect(served.port, "127.0.0.1");
    const from = log.head().treeSize - large.length;
    socket.pause();
    socket.write(`GET /v1/logs/main/tail?from=${from} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    try {
      await expect.poll(() => reads).toBeGreaterThan(0);
      await new Promise((resolve) => setTimeout(resolve, 500));
      // What the system's socket buffers hold, and little more.
      expect(reads).toBeLessThan(200);
      let received = 0;
      socket.on("data", (data) => (received += data.length)).resume();
      await expect.poll(() => received, { timeout: 10_000 }).toBeGreaterThan(large.length * 60_000);
    } finally {
      socket.destroy();
      log.readEntries = readEntries;
    }
  });
});

it("tells soon how far it has looked, however far apart its signs of life are", async () => {
  const other = await serveNode({ limits: { tailHeartbeatMs: 3_600_000 } });
  try {
    await submit(
      other.url,
      Array.from({ length: 300 }, () => event()),
    );
    const messages = follow("?from=0&q=actor:nobody", {}, `${other.url}/v1/logs/main/tail`);
    expect((await messages.next()).value).toEqual({ id: 299 });
    await submit(other.url, [event({ actor: { id: "nobody" } }), event(), event()]);
    expect((await messages.next()).value).toMatchObject({ id: 300, data: { index: 300 } });
    expect((await messages.next()).value).toEqual({ id: 302 });
    stop.abort();
  } finally {
    await other.close();
  }
});

it("ends its tails when the server closes", async () => {
  const other = await serveNode({ limits: { tailHeartbeatMs: 60_000 } });
  const response = await fetch(`${other.url}/v1/logs/main/tail`);
  const text = response.text();
  const startedMs = performance.now();
  await other.close();
  expect(await text).toContain("retry: 1000");
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

async function tailCount(): Promise<number> {
  const { text } = await served.node.metrics.render();
  return Number(/^stele_tails\{log="main"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** The first `count` messages that have data. */
async function* filterData(
  messages: AsyncGenerator<Message, void, undefined>,
  count: number,
): AsyncGenerator<Message, void, undefined> {
  let given = 0;
  for await (const message of messages) {
    if (!message.data) continue;
    yield message;
    if (++given === count) return;
  }
}
