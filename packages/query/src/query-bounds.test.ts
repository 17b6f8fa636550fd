import { expect, test } from "vitest";
import { parseQuery } from "./parse-query.ts";
import { queryTimeRange, requiredEquals } from "./query-bounds.ts";

const parse = (text: string) => parseQuery(text, { nowMs: 1_000_000 });

test("queryTimeRange is the narrowest of the terms that must hold", () => {
  const query = parse("after:-900s after:-500s before:-100s before:-200s -after:-1s received_after:-800s");
  expect(queryTimeRange(query)).toEqual({ fromMs: 500_000, toMs: 800_000 });
  expect(queryTimeRange(query, "received_at")).toEqual({ fromMs: 200_000 });
  expect(queryTimeRange(parse("actor:alice"))).toEqual({});
});

test("requiredEquals has the fields that must be equal to one of some values", () => {
  expect(
    requiredEquals(parse("actor:a,b tenant:c action:d.* action:e,f* -source:g target:h metadata.k:v x")),
  ).toEqual([
    { field: "actor", values: ["a", "b"] },
    { field: "tenant", values: ["c"] },
    { field: "target", values: ["h"] },
  ]);
});
