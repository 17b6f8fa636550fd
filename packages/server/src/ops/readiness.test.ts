import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { refusal, serveNode, type ServedNode } from "../http/testing/served-node.ts";
import type { NodeView } from "../http/node-view.ts";
import { AlarmBoard } from "./alarms.ts";
import { reasonsNotReady } from "./readiness.ts";

let served: ServedNode;
beforeAll(async () => {
  served = await serveNode();
});
afterAll(() => served.close());

it("is ready when each log takes writes and its index keeps up", () => {
  expect(reasonsNotReady(served.node)).toEqual([]);
});

it("is not while a log takes no writes, and says why", async () => {
  const log = served.node.log("main")!;
  const writable = vi.spyOn(log, "writable").mockReturnValue({ ok: false, reason: "storage_full" });
  const response = await fetch(`${served.url}/readyz`);
  writable.mockRestore();
  expect(await refusal(response)).toEqual({
    status: 503,
    error: { code: "not_ready", message: "Not ready: log main takes no writes: storage_full" },
  });
});

it("is not while an index is far behind, or fails", () => {
  const log = served.node.log("main")!;
  const head = vi.spyOn(log, "head").mockReturnValue({ ...log.head(), treeSize: 1_000_000 });
  const failure = vi.spyOn(log.search, "failure", "get").mockReturnValue(new Error("no memory"));
  expect(reasonsNotReady(served.node)).toEqual([
    "the index of log main fails: no memory",
    "the index of log main is 1000000 entries behind",
  ]);
  head.mockRestore();
  failure.mockRestore();
});

it("is not before it has started, or while it stops", () => {
  expect(reasonsNotReady({ ...nodeWithoutLogs, state: "starting" })).toEqual(["the node is starting"]);
  expect(reasonsNotReady({ ...nodeWithoutLogs, state: "stopping" })).toEqual(["the node is stopping"]);
});

const nodeWithoutLogs: Omit<NodeView, "state"> = {
  status: () => {
    throw new Error("Nobody asks for it");
  },
  history: () => ({ fromSeconds: 0, stepSeconds: 10, series: [] }),
  nodes: () => Promise.resolve({ nodes: [], failure: undefined }),
  logs: () => [],
  log: () => undefined,
  prepare: () => Promise.resolve(),
  createLog: () => Promise.reject(new Error("There is no log")),
  alarms: new AlarmBoard(() => 0),
  testAlarms: () => Promise.resolve([]),
};

it("is told to anyone; why not, to readers", async () => {
  const closed = await serveNode();
  try {
    const [reader, writer] = [await closed.token("reader"), await closed.token("writer")];
    const ask = (token?: string) =>
      fetch(
        `${closed.url}/readyz`,
        token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
      );
    for (const token of [undefined, writer, reader]) expect((await ask(token)).status).toBe(200);
    vi.spyOn(closed.node.log("main")!, "writable").mockReturnValue({ ok: false, reason: "storage_full" });
    const messages: string[] = [];
    for (const token of [undefined, writer, reader]) {
      const response = await ask(token);
      expect(response.status).toBe(503);
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      expect(error.code).toBe("not_ready");
      messages.push(error.message);
    }
    expect(messages.map((message) => message.includes("storage_full"))).toEqual([false, false, true]);
  } finally {
    await closed.close();
  }
});
