import { expect, test } from "vitest";
import { changeKind } from "./change-kind.ts";

test("says in a word what became of a field; null is a value", () => {
  expect(changeKind({ field: "f", old: 1, new: 2 })).toBe("changed");
  expect(changeKind({ field: "f", new: null })).toBe("added");
  expect(changeKind({ field: "f", old: null })).toBe("removed");
  expect(changeKind({ field: "f", old: { a: [1] }, new: { a: [1] } })).toBe("unchanged");
  expect(changeKind({ field: "f" })).toBe("named");
});
