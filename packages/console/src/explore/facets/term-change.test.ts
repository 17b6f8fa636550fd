import { parseQuery } from "@stele/query";
import { expect, test } from "vitest";
import { termChange } from "./term-change.ts";

test("a press adds a value, another one takes it out", () => {
  const term = { field: "actor", value: 'a "b" *, c' };
  const added = termChange("outcome:denied", term);
  expect(added.isSet).toBe(false);
  expect(parseQuery(added.query!, { nowMs: 0 }).terms[1]).toMatchObject({ anyOf: [['a "b" *, c']] });
  expect(termChange(added.query!, term)).toEqual({ isSet: true, query: "outcome:denied" });
});

test("a value and its opposite don't stand together", () => {
  const set = termChange("", { field: "tenant", value: "acme" }).query!;
  expect(termChange(set, { field: "tenant", value: "acme", negated: true })).toEqual({
    isSet: false,
    query: "-tenant:acme",
  });
});

test("of a value that no query can name it says so", () => {
  expect(termChange("", { field: "actor", value: "\0" })).toEqual({ isSet: false, query: undefined });
});

test("so it does of a value that is longer than a query can be", () => {
  expect(termChange("", { field: "actor", value: "x".repeat(4_096) }).query).toBeUndefined();
});
