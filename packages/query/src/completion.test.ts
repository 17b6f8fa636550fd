import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyCompletion, completionAt } from "./completion.ts";
import { formatQuery } from "./format-query.ts";
import { parseQuery } from "./parse-query.ts";
import { query, typed, value } from "./testing/query-arbitraries.ts";

/** The text without the `|`, and what can be completed there. */
function at(marked: string) {
  const cursor = marked.indexOf("|");
  const text = marked.slice(0, cursor) + marked.slice(cursor + 1);
  return { text, completion: completionAt(text, cursor) };
}

describe("a field", () => {
  test.each([
    ["|", "", "actor:|"],
    ["a |", "", "a actor:|"],
    ["| a", "", "actor:| a"],
    ["ac|", "ac", "actor:|"],
    ["ac|tor:x", "ac", "actor:|x"],
    ["actor|:x", "actor", "actor:|x"],
    ["x -|", "", "x -actor:|"],
    ["x -ac| y", "ac", "x -actor:| y"],
    ['ac| "open', "ac", 'actor:| "open'],
  ])("in %s", (marked, prefix, applied) => {
    const { text, completion } = at(marked);
    expect(completion).toMatchObject({ kind: "field", prefix });
    const result = applyCompletion(text, completion!, "actor");
    expect(`${result.text.slice(0, result.cursor)}|${result.text.slice(result.cursor)}`).toBe(applied);
  });

  test("metadata is followed by a path", () => {
    const { text, completion } = at("meta|");
    expect(applyCompletion(text, completion!, "metadata.")).toEqual({ text: "metadata.", cursor: 9 });
  });
});

describe("a value", () => {
  test.each([
    ["outcome:|", "outcome", "", "", "outcome:denied|"],
    ["a outcome:de| b", "outcome", "de", "a b", "a outcome:denied| b"],
    ["outcome:failure,de|", "outcome", "de", "", "outcome:failure,denied|"],
    ["outcome:|,failure x", "outcome", "", "x", "outcome:denied|,failure x"],
    ["outcome:de|ny,failure", "outcome", "de", "", "outcome:denied|,failure"],
    ["-outcome:de|", "outcome", "de", "", "-outcome:denied|"],
    ['actor:"Alice B|', "actor", "Alice B", "", "actor:denied|"],
    ['actor:"Alice B|"', "actor", "Alice B", "", "actor:denied|"],
    ['actor:a,"Alice| B",c x', "actor", "Alice", "x", "actor:a,denied|,c x"],
    [
      'x actor:"al| outcome:"failure"',
      "actor",
      "al",
      'x outcome:"failure"',
      'x actor:denied| outcome:"failure"',
    ],
    ['actor:"al| outcome:failure', "actor", "al", "outcome:failure", "actor:denied| outcome:failure"],
    [String.raw`actor:a\,\*b|`, "actor", "a,*b", "", "actor:denied|"],
    ['metadata."a:b".c:x|', 'metadata."a:b".c', "x", "", 'metadata."a:b".c:denied|'],
    [String.raw`metadata."a":x|`, "metadata.a", "x", "", 'metadata."a":denied|'],
  ])("in %s", (marked, field, prefix, rest, applied) => {
    const { text, completion } = at(marked);
    expect(completion).toMatchObject({ kind: "value", field, prefix, rest });
    const result = applyCompletion(text, completion!, "denied");
    expect(`${result.text.slice(0, result.cursor)}|${result.text.slice(result.cursor)}`).toBe(applied);
  });

  test("that is applied is found exactly, whatever it is, and the other terms stay", () => {
    const begun = fc.oneof(
      fc.constant(""),
      value.map((text) => `"${text.replaceAll(/["\\]/g, "\\$&")}`),
      value.map((text) => text.replaceAll(/[\s",\\]/g, "\\,")),
    );
    const before = query.map(formatQuery);
    fc.assert(
      fc.property(before, begun, query.map(formatQuery), value, (first, part, last, chosen) => {
        const text = `${first} tenant:a,${part}`;
        const completion = completionAt(text, text.length);
        expect(completion).toMatchObject({ kind: "value", field: "tenant" });
        const applied = applyCompletion(text, completion!, chosen);
        const clock = { nowMs: 0 };
        expect(parseQuery(`${applied.text} ${last}`, clock).terms).toEqual([
          ...parseQuery(first, clock).terms,
          { kind: "field", field: "tenant", anyOf: [["a"], [chosen]], negated: false },
          ...parseQuery(last, clock).terms,
        ]);
        expect(applied.cursor).toBe(applied.text.length);
        expect(completion?.kind === "value" && parseQuery(completion.rest, clock)).toEqual(
          parseQuery(first, clock),
        );
      }),
      { numRuns: 2000 },
    );
  });

  test.each(["", "a\0", "\ud800"])("that no query can name is refused: %j", (chosen) => {
    const { text, completion } = at("actor:|");
    expect(() => applyCompletion(text, completion!, chosen)).toThrow(
      expect.objectContaining({ code: "query_invalid" }),
    );
  });
});

test.each([
  "|actor:x",
  "-|actor:x",
  "|-actor:x",
  '"fr|ee"',
  '"fr|ee',
  'actor:"a"b|',
  'say"h|i"',
  "acter:x|",
  "|word",
])("nothing can be completed in %s", (marked) => expect(at(marked).completion).toBeUndefined());

test("any place of any text is inside of what is to be replaced", () => {
  fc.assert(
    fc.property(typed, fc.nat(), (text, n) => {
      const cursor = n % (text.length + 1);
      const completion = completionAt(text, cursor);
      if (completion === undefined) return;
      expect(completion.from).toBeLessThanOrEqual(cursor);
      expect(completion.to).toBeGreaterThanOrEqual(cursor);
      expect(completion.to).toBeLessThanOrEqual(text.length);
      applyCompletion(text, completion, "x");
    }),
    { numRuns: 3000 },
  );
});
