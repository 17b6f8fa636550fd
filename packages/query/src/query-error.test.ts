import { expect, test } from "vitest";
import { QueryError, renderQueryError } from "./query-error.ts";

test("points at the place", () => {
  const error = new QueryError("there is no field acter", { input: "x acter:alice", offset: 2, length: 5 });
  expect(renderQueryError(error)).toBe("there is no field acter\n  x acter:alice\n    ^^^^^");
});

test("points behind the end", () => {
  const error = new QueryError("a value is missing", { input: "actor:", offset: 6, length: 0 });
  expect(renderQueryError(error)).toBe("a value is missing\n  actor:\n        ^");
});

test("shows a part of a long query, on one line", () => {
  const input = `${"a\n".repeat(100)}bad:x${" b".repeat(100)}`;
  const [, excerpt = "", carets = ""] = renderQueryError(
    new QueryError("no", { input, offset: 200, length: 3 }),
  ).split("\n");
  expect(excerpt.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe("bad");
  expect(excerpt).toMatch(/^ {2}….*…$/);
  expect(excerpt.length).toBeLessThan(80);
});
