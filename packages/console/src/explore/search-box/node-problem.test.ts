import { RefusedError } from "@stele/client";
import { expect, test } from "vitest";
import { nodeProblem } from "./node-problem.ts";

const REFUSED = new RefusedError("query_invalid", "no such field", { status: 400, offset: 8, length: 6 });

test("the node's place is shown where it is one in what was typed", () => {
  expect(nodeProblem(REFUSED, "actor:a planet:x")).toMatchObject({ from: 8, to: 14 });
  expect(nodeProblem(REFUSED, "actor:a tenant:x")).toMatchObject({ from: 8, to: 14 });
});

test("else the whole query is marked", () => {
  expect(nodeProblem(REFUSED, "  actor:a   tenant:x")).toMatchObject({ from: 0, to: 20 });
  expect(nodeProblem(REFUSED, "a")).toMatchObject({ from: 0, to: 1 });
});

test("other errors are not about the query", () => {
  expect(nodeProblem(new Error("x"), "a")).toBeUndefined();
  expect(nodeProblem(new RefusedError("log_unknown", "x", {}), "a")).toBeUndefined();
  expect(nodeProblem(null, "a")).toBeUndefined();
});
