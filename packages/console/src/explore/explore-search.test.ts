import { expect, test } from "vitest";
import { exploreSearch } from "./explore-search.ts";

test("keeps what it understands", () => {
  const search = { q: "actor:alice", from: "-24h", to: "2026-01-01", order: "oldest", event: 7 };
  expect(exploreSearch({ ...search, split: "actor", columns: "index,actor" })).toEqual({
    ...search,
    split: "actor",
    columns: "index,actor",
  });
});

test("leaves out the rest", () => {
  expect(
    exploreSearch({
      q: ["x"],
      from: "-24h actor:eve",
      to: "soon",
      order: "random",
      event: -1,
      columns: "x".repeat(5_000),
      token: "secret",
    }),
  ).toEqual({});
});

test("a query that the router took for a number", () => {
  expect(exploreSearch({ q: 42 })).toEqual({ q: "42" });
});
