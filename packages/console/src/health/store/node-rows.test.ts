import { expect, it } from "vitest";
import type { StoreNode } from "@stele/client";
import { nodeRows } from "./node-rows.ts";

const NODE: StoreNode = {
  id: "0".repeat(16),
  name: "a",
  version: "0.1.0",
  startedAt: "2026-01-01T00:00:00Z",
  seenAt: "2026-01-01T00:00:00Z",
  age: 0,
  state: "ready",
  isSelf: true,
  logs: [{ name: "main", treeSize: 100, writable: true }],
  eventsPerSecond: 0,
};

it("says how far each is behind the best, and who is silent", () => {
  const nodes = [
    NODE,
    { ...NODE, age: 30, logs: [{ name: "main", treeSize: 90, writable: false }] },
    { ...NODE, age: 91, logs: [] },
  ];
  expect(
    nodeRows(nodes, "main").map(({ isSilent, treeSize, behind, writable }) => [
      isSilent,
      treeSize,
      behind,
      writable,
    ]),
  ).toEqual([
    [false, 100, 0, true],
    [false, 90, 10, false],
    [true, undefined, undefined, undefined],
  ]);
});

it("is of no node without any", () => {
  expect(nodeRows([], "main")).toEqual([]);
});
