import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasTerm, timeTexts, withoutTerm, withTerm, withTimeTexts } from "./edit-query.ts";
import { formatQuery, metadataField } from "./format-query.ts";
import { parseQuery } from "./parse-query.ts";
import { matches } from "./query-matcher.ts";
import { entryText, parseEntry, query, typed, value } from "./testing/query-arbitraries.ts";

const alice = { field: "actor", value: "alice" };
const notAlice = { ...alice, negated: true };

describe("withTerm", () => {
  test.each([
    ["", "actor:alice"],
    ["  ", "actor:alice"],
    ["a  b", "a  b actor:alice"],
    ["a ", "a actor:alice"],
    [String.raw`a\ `, String.raw`a\  actor:alice`],
    ["x actor:alice y", "x actor:alice y"],
    ['x actor:"alice" y', 'x actor:"alice" y'],
    ["actor:alice,bob", "actor:alice,bob actor:alice"],
    ["x -actor:alice y", "x y actor:alice"],
    ["-actor:alice,bob", "-actor:bob actor:alice"],
    ['x "open', 'x actor:alice "open'],
    ["x y\\", "x actor:alice y\\"],
    ["actor:a*", "actor:a* actor:alice"],
  ])("adds to %s", (text, wanted) => expect(withTerm(text, alice)).toBe(wanted));

  test.each([
    ["x", "x -actor:alice"],
    ["x actor:alice", "x -actor:alice"],
    ["-actor:bob,alice", "-actor:bob,alice"],
    ["actor:bob,alice", "actor:bob -actor:alice"],
  ])("rules out in %s", (text, wanted) => expect(withTerm(text, notAlice)).toBe(wanted));

  test("narrows a query to the value, or to what doesn't have it", () => {
    let hits = 0;
    const field = fc.constantFrom("actor", "action", "target", "tenant", "request_id", "metadata.k");
    fc.assert(
      fc.property(query, field, value, fc.boolean(), entryText, (before, name, wanted, negated, entry) => {
        const text = formatQuery(before);
        const term = { field: name, value: wanted, negated };
        if (hasTerm(text, { ...term, negated: !negated })) return;
        const after = withTerm(text, term);
        const isHit = (q: string) => matches(parseQuery(q, { nowMs: 0 }))(parseEntry(entry), entry);
        const wantedHit = isHit(text) && isHit(withTerm("", term));
        hits += wantedHit ? 1 : 0;
        expect(isHit(after)).toBe(wantedHit);
        expect(hasTerm(after, term)).toBe(true);
        expect(withTerm(after, term)).toBe(after);
      }),
      { numRuns: 2000 },
    );
    expect(hits).toBeGreaterThan(100);
  });

  test("has its way with any text, and can be undone", () => {
    fc.assert(
      fc.property(typed, value, fc.boolean(), (text, wanted, negated) => {
        const term = { field: metadataField(["a.b", "c"]), value: wanted, negated };
        const after = withTerm(text, term);
        expect(hasTerm(after, term)).toBe(true);
        expect(hasTerm(withoutTerm(after, term), term)).toBe(false);
        expect(withoutTerm(after, term).trim()).toBe(withoutTerm(text, term).trim());
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ["outcome", "failure", "outcome:failure"],
    ["ip", "2001:db8::1", "ip:2001:db8::1"],
    ["actor", "Alice B", 'actor:"Alice B"'],
    ["actor", String.raw`DOMAIN\a*`, String.raw`actor:DOMAIN\\a\*`],
    ["actor", "-x", "actor:-x"],
  ])("writes %s as people do", (field, text, wanted) => {
    expect(withTerm("", { field, value: text })).toBe(wanted);
  });
});

describe("withoutTerm", () => {
  test.each([
    ["actor:alice", ""],
    ["  actor:alice  ", ""],
    ["a  actor:alice   b", "a  b"],
    ["a actor:alice ", "a"],
    ["actor:alice actor:alice b", "b"],
    ["b actor:alice actor:alice", "b"],
    ["actor:alice,bob", "actor:bob"],
    ['actor:"x, y",alice,bob z', 'actor:"x, y",bob z'],
    ["-actor:alice", "-actor:alice"],
    ["actor:alice*", "actor:alice*"],
    ["alice", "alice"],
  ])("takes it from %s", (text, wanted) => expect(withoutTerm(text, alice)).toBe(wanted));
});

test("one address is known in all its notations", () => {
  expect(hasTerm("ip:2001:DB8:0::1", { field: "ip", value: "2001:db8::1" })).toBe(true);
  expect(hasTerm("ip:10.0.0.0/8", { field: "ip", value: "10.0.0.1" })).toBe(false);
});

test("the range of time is read and replaced", () => {
  expect(timeTexts('x after:-7d before:"2026-01-01" -after:-1h')).toEqual({
    after: "-7d",
    before: "2026-01-01",
  });
  expect(timeTexts("x")).toEqual({});
  expect(withTimeTexts("after:-7d x before:-1h", {})).toBe("x");
  expect(withTimeTexts("x  y", { after: "-7d" })).toBe("x  y after:-7d");
  expect(withTimeTexts("after:-1h x", { after: "2026-01-31T12:00:00.000Z", before: "-1h" })).toBe(
    "x after:2026-01-31T12:00:00.000Z before:-1h",
  );
});

test("a path into metadata that no query can name is refused", () => {
  for (const path of [[], [""], ["a", ""], ["\0"]]) {
    expect(() => metadataField(path)).toThrow(expect.objectContaining({ code: "query_invalid" }));
  }
});
