import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { event, readJson, refusal, serveNode, submit, type ServedNode } from "./testing/served-node.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.parse("2026-01-01T00:00:00Z");
let served: ServedNode;
let main: string;

beforeAll(async () => {
  served = await serveNode({ limits: { indexWaitMsMax: 4_000 } });
  main = `${served.url}/v1/logs/main`;
  const events = Array.from({ length: 120 }, (_, i) =>
    event({
      id: `e${i}`,
      occurred_at: new Date(START_MS + i * HOUR_MS).toISOString(),
      actor: { id: i % 3 === 0 ? "bob" : "alice" },
      outcome: i % 10 === 0 ? "failure" : "success",
      metadata: { text: "“naïve” \u2028 \\ quotes", region: i % 2 === 0 ? "eu" : "us" },
    }),
  );
  await submit(served.url, events);
  await served.node.log("main")!.search.waitFor(120, 5_000);
});
afterAll(() => served.close());

interface Page {
  readonly events: readonly { readonly index: number; readonly entry: { readonly id: string } }[];
  readonly next_cursor: string | null;
  readonly indexed_size: number;
  readonly tree_size: number;
}

async function search(parameters: Record<string, string> | [string, string][]): Promise<Page> {
  const response = await fetch(`${main}/events?${new URLSearchParams(parameters).toString()}`);
  expect(response.status).toBe(200);
  return await readJson(response);
}

const ids = ({ events }: Page) => events.map(({ entry }) => entry.id);

describe("a search", () => {
  it("gives the newest entries first, as their exact bytes", async () => {
    const response = await fetch(`${main}/events?limit=2`);
    const text = await response.text();
    const page: Page = JSON.parse(text);
    expect(page).toMatchObject({ indexed_size: 120, tree_size: 120, next_cursor: expect.any(String) });
    expect(page.events.map(({ index }) => index)).toEqual([119, 118]);
    const [entry] = await served.node.log("main")!.readEntries(119, 120);
    expect(text).toContain(`{"index":119,"state":"committed","entry":${Buffer.from(entry!).toString()}}`);
  });

  it("gives all of it, page after page", async () => {
    for (const order of ["oldest", "newest"]) {
      const found: string[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const page: Page = await search({
          order,
          limit: "7",
          actor: "alice",
          ...(cursor !== "" && { cursor }),
        });
        found.push(...ids(page));
        cursor = page.next_cursor;
      }
      const expected = Array.from({ length: 120 }, (_, i) => i).filter((i) => i % 3 !== 0);
      if (order === "newest") expected.reverse();
      expect(found).toEqual(expected.map((i) => `e${i}`));
    }
  });

  it("begins at an offset, as of a size", async () => {
    const bobs = Array.from({ length: 40 }, (_, i) => `e${i * 3}`);
    const parameters = { actor: "bob", limit: "7", as_of: "100" };
    const newest = await search({ ...parameters, offset: "10" });
    expect(ids(newest)).toEqual(bobs.slice(0, 34).toReversed().slice(10, 17));
    expect(newest).toMatchObject({ indexed_size: 100, next_cursor: expect.any(String) });
    expect(newest).not.toHaveProperty("total");
    const last = await search({ ...parameters, order: "oldest", offset: "30" });
    expect(ids(last)).toEqual(bobs.slice(30, 34));
    expect(last).toMatchObject({ total: 34, next_cursor: null });
    expect(await search({ as_of: "100", offset: "98", limit: "1" })).toMatchObject({
      events: [{ index: 1 }],
      total: 100,
    });
  });

  it("takes the query as text and as parameters", async () => {
    const expected = ["e90", "e60", "e30", "e0"];
    expect(ids(await search({ q: "actor:bob outcome:failure" }))).toEqual(expected);
    expect(ids(await search({ actor: "bob", outcome: "failure" }))).toEqual(expected);
    expect(ids(await search({ q: "actor:bob", outcome: "failure", "metadata.region": "eu" }))).toEqual(
      expected,
    );
    expect(
      ids(
        await search([
          ["actor", "b*"],
          ["actor", "*b"],
          ["outcome", "failure"],
        ]),
      ),
    ).toEqual(expected);
  });

  it("reads its own writes", async () => {
    for (let i = 0; i < 10; i++) {
      const id = `fresh-${i}`;
      const { receipts } = await submit(served.url, [event({ id })]);
      expect(ids(await search({ id, min_index: String(receipts[0]!.index) }))).toEqual([id]);
    }
  });

  it.each(["min_index", "as_of"])("does not wait for ever for %s", async (parameter) => {
    const response = await fetch(`${main}/events?${parameter}=100000`);
    expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await refusal(response)).toMatchObject({ status: 503, error: { code: "index_behind" } });
  });

  it.each([
    ["q=actor:bob colour:red", { code: "query_invalid", offset: 10 }],
    ["ip=10.0.0.999", { code: "query_invalid", parameter: "ip", offset: 0 }],
    ["colour=red", { code: "query_invalid", parameter: "colour" }],
    ["limit=0", { code: "parameter_malformed" }],
    ["limit=1001", { code: "parameter_malformed" }],
    ["limit=1&limit=2", { code: "parameter_malformed" }],
    ["order=sideways", { code: "parameter_malformed" }],
    ["min_index=-1", { code: "parameter_malformed" }],
    ["cursor=nonsense", { code: "cursor_invalid" }],
    ["cursor=nonsense&offset=5", { code: "search_invalid" }],
    ["offset=-1", { code: "parameter_malformed" }],
    ["offset=1000001", { code: "parameter_malformed" }],
    ["as_of=-1", { code: "parameter_malformed" }],
  ])("is refused: %s", async (query, error) => {
    expect(await refusal(await fetch(`${main}/events?${query}`))).toMatchObject({ status: 400, error });
  });
});

describe("counts", () => {
  it("over time, split by a field", async () => {
    const day = 24 * HOUR_MS;
    const query = `before=2026-01-06&interval_ms=${day}&field=actor&from=2026-01-01&to=2026-01-06`;
    expect(await get(`histogram?${query}`)).toMatchObject({
      interval_ms: day,
      buckets: Array.from({ length: 5 }, (_, i) => ({
        start: new Date(START_MS + i * day).toISOString(),
        count: 24,
        counts: { alice: 16, bob: 8 },
      })),
      values: ["alice", "bob"],
      total: 120,
      tree_size: expect.any(Number),
      indexed_size: expect.any(Number),
    });
  });

  it("as of a size", async () => {
    expect(await get("histogram?as_of=30&buckets=1&field=outcome")).toMatchObject({
      total: 30,
      buckets: [{ counts: { success: 27, failure: 3 } }],
      indexed_size: 30,
    });
    expect(await get("top?field=outcome&as_of=30")).toMatchObject({
      values: [
        { value: "success", count: 27 },
        { value: "failure", count: 3 },
      ],
      indexed_size: 30,
    });
  });

  it("of values that are names of an object's own", async () => {
    const names = ["__proto__", "constructor", "toString"];
    await submit(
      served.url,
      names.map((name) => event({ id: `own-${name}`, tenant: name })),
    );
    const { tree_size } = await readJson<Page>(await fetch(main));
    const path = `histogram?field=tenant&q=tenant:*&buckets=1&min_index=${tree_size - 1}`;
    const text = await (await fetch(`${main}/${path}`)).text();
    for (const name of names) expect(text).toContain(`${JSON.stringify(name)}:1`);
  });

  it("of the most frequent values", async () => {
    expect(await get("top?field=outcome&before=2026-01-06")).toMatchObject({
      values: [
        { value: "success", count: 108 },
        { value: "failure", count: 12 },
      ],
    });
    expect(await get("top?field=actor&limit=1&before=2026-01-06")).toMatchObject({
      values: [{ value: "alice", count: 80 }],
    });
  });

  it.each([
    "top",
    "top?field=colour",
    "histogram?buckets=0",
    "histogram?from=yesterday",
    "histogram?field=colour",
  ])("are refused: %s", async (path) => {
    expect(await refusal(await fetch(`${main}/${path}`))).toMatchObject({
      status: 400,
      error: { code: "parameter_malformed" },
    });
  });
});

async function get(path: string): Promise<unknown> {
  const response = await fetch(`${main}/${path}`);
  expect(response.status).toBe(200);
  return await response.json();
}
