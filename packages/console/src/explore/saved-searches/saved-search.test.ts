import { expect, test } from "vitest";
import { parseSavedSearches, SAVED_MAX, suggestedName, withRenamed, withSaved } from "./saved-search.ts";

const DENIED = { name: "Denied", log: "main", search: { q: "outcome:denied", from: "-24h" } };
const ALICE = { name: "Alice", log: "audit", search: { q: "actor:alice" } };

test("what was kept is read back", () => {
  expect(parseSavedSearches(JSON.stringify([DENIED, ALICE]))).toEqual([DENIED, ALICE]);
  expect(parseSavedSearches(null)).toEqual([]);
});

test("what is not understood is left out", () => {
  for (const text of ["", "{", "7", "{}", "null"]) expect(parseSavedSearches(text)).toEqual([]);
  const kept = [
    7,
    null,
    { name: "", log: "main", search: {} },
    { name: "x", log: "../x", search: {} },
    { name: "y", log: "main" },
    { ...DENIED, search: { ...DENIED.search, event: 7, to: "never", token: "secret" } },
  ];
  expect(parseSavedSearches(JSON.stringify(kept))).toEqual([DENIED]);
});

test("a search of the same name takes the place of the one before", () => {
  const replaced = { ...ALICE, name: "Denied" };
  expect(withSaved([DENIED, ALICE], replaced)).toEqual([replaced, ALICE]);
  expect(withSaved([DENIED], ALICE)).toEqual([DENIED, ALICE]);
});

test("renaming", () => {
  expect(withRenamed([DENIED, ALICE], "Alice", "A")).toEqual([DENIED, { ...ALICE, name: "A" }]);
  expect(withRenamed([DENIED, ALICE], "Alice", "Denied")).toEqual([{ ...ALICE, name: "Denied" }]);
  expect(withRenamed([DENIED, ALICE], "Alice", "Alice")).toEqual([DENIED, ALICE]);
});

test("no more than so many", () => {
  const many = Array.from({ length: SAVED_MAX }, (_, i) => ({ ...ALICE, name: `${i}` }));
  const after = withSaved(many, DENIED);
  expect(after).toHaveLength(SAVED_MAX);
  expect(after.at(-1)).toEqual(DENIED);
});

test("a name to begin with", () => {
  expect(suggestedName({})).toBe("Everything");
  expect(suggestedName({ q: " actor:a ", from: "-24h" })).toBe("actor:a (-24h)");
  expect(suggestedName({ from: "2026-01-01", to: "2026-02-01" })).toBe(
    "Everything (2026-01-01 to 2026-02-01)",
  );
});
