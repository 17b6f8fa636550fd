import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseQuery } from "./parse-query.ts";
import { QueryError } from "./query-error.ts";
import { typed } from "./testing/query-arbitraries.ts";
import { tokens } from "./tokens.ts";

const told = (text: string) => tokens(text).map(({ kind, from, to }) => `${kind} ${text.slice(from, to)}`);

test.each([
  ["", []],
  ["-actor:alice", ["negation -", "field actor", "colon :", "value alice"]],
  ["action:document.*", ["field action", "colon :", "value document.", "wildcard *"]],
  [String.raw`id:a\*b`, ["field id", "colon :", String.raw`value a\*b`]],
  [
    'outcome:failure,"denied"',
    ["field outcome", "colon :", "value failure", "comma ,", 'quote "', "value denied", 'quote "'],
  ],
  ['free -"a: *"', ["text free", "negation -", 'quote "', "text a: *", 'quote "']],
  ['metadata."a:b":x', ['field metadata."a:b"', "colon :", "value x"]],
  [String.raw`id:a\ b\,c d`, ["field id", "colon :", String.raw`value a\ b\,c`, "text d"]],
  ["acter:alice", ["invalid acter", "colon :", "value alice"]],
  [String.raw`id:a\b`, ["field id", "colon :", "value a", String.raw`invalid ${"\\"}`, "value b"]],
  ['actor:"a"b c', ["field actor", "colon :", 'quote "', "value a", 'quote "', "invalid b", "text c"]],
  ['actor:"a b', ["field actor", "colon :", 'invalid "', "value a b"]],
  ["actor:,", ["field actor", "colon :", "comma ,"]],
])("tells the parts of %s", (text, parts) => {
  expect(told(text)).toEqual(parts);
});

test("covers all but white space, in order, whatever the text is", () => {
  fc.assert(
    fc.property(typed, (text) => {
      let end = 0;
      for (const { from, to } of tokens(text)) {
        expect(from).toBeGreaterThanOrEqual(end);
        expect(to).toBeGreaterThan(from);
        expect(text.slice(end, from).trim()).toBe("");
        end = to;
      }
      expect(text.slice(end).trim()).toBe("");
    }),
    { numRuns: 3000 },
  );
});

test("nothing is invalid in what the parser reads, and the parser reads nothing that has something invalid", () => {
  fc.assert(
    fc.property(typed, (text) => {
      if (!tokens(text).some(({ kind }) => kind === "invalid")) return;
      expect(() => parseQuery(text, { nowMs: 0 })).toThrow(QueryError);
    }),
    { numRuns: 3000 },
  );
});

test("a text that is too long is wrong as a whole", () => {
  const text = '"\\"'.repeat(1_000_000);
  expect(tokens(text)).toEqual([{ kind: "invalid", from: 0, to: text.length }]);
});
