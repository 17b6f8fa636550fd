import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { refusal, serveNode, type ServedNode } from "../http/testing/served-node.ts";
import type { NodeView } from "../http/node-view.ts";
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
  logs: () => [],
  log: () => undefined,
  prepare: () => Promise.resolve(),
  createLog: () => Promise.reject(new Error("There is no log")),
};
