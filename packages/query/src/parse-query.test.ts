import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatQuery } from "./format-query.ts";
import { parseQuery, queryFromParameters } from "./parse-query.ts";
import type { QueryParameters } from "./parse-query.ts";
import { query, typed } from "./testing/query-arbitraries.ts";
import { QueryError } from "./query-error.ts";

const nowMs = Date.UTC(2026, 1, 3, 4, 5, 6, 7);

const parse = (text: string) => parseQuery(text, { nowMs });
const fromParameters = (parameters: QueryParameters) => queryFromParameters(parameters, { nowMs });

function errorOf(read: () => unknown): QueryError {
  try {
    read();
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
  throw new Error("no error");
}

describe("parseQuery", () => {
  test.each([
    ["", []],
    ["  \n ", []],
    ["actor:alice", [{ kind: "field", field: "actor", anyOf: [["alice"]], negated: false }]],
    ["-action:document.*", [{ kind: "field", field: "action", anyOf: [["document.", ""]], negated: true }]],
    ["action:*.read", [{ kind: "field", field: "action", anyOf: [["", ".read"]], negated: false }]],
    ["tenant:a**b*", [{ kind: "field", field: "tenant", anyOf: [["a", "b", ""]], negated: false }]],
    ["tenant:**", [{ kind: "field", field: "tenant", anyOf: [["", ""]], negated: false }]],
    [String.raw`target:a\*b`, [{ kind: "field", field: "target", anyOf: [["a*b"]], negated: false }]],
    [
      String.raw`actor:"Al \"B\" \\ *"`,
      [{ kind: "field", field: "actor", anyOf: [['Al "B" \\ ', ""]], negated: false }],
    ],
    [
      String.raw`actor:Alice\ B,"C, D",e\,f`,
      [{ kind: "field", field: "actor", anyOf: [["Alice B"], ["C, D"], ["e,f"]], negated: false }],
    ],
    [
      "outcome:failure,denied",
      [{ kind: "field", field: "outcome", anyOf: [["failure"], ["denied"]], negated: false }],
    ],
    ["source:arn:aws:x", [{ kind: "field", field: "source", anyOf: [["arn:aws:x"]], negated: false }]],
    ["ip:10.1.2.3/8", [{ kind: "address", anyOf: [{ address: [10, 0, 0, 0], bits: 8 }], negated: false }]],
    [
      "after:2026-01-31",
      [{ kind: "time", field: "occurred_at", edge: "after", ms: Date.UTC(2026, 0, 31), negated: false }],
    ],
    [
      "received_before:-24h",
      [{ kind: "time", field: "received_at", edge: "before", ms: nowMs - 86_400_000, negated: false }],
    ],
    ["metadata.a.0:x", [{ kind: "metadata", path: ["a", "0"], anyOf: [["x"]], negated: false }]],
    [
      String.raw`metadata."a.b: \"c\"".d:x`,
      [{ kind: "metadata", path: ['a.b: "c"', "d"], anyOf: [["x"]], negated: false }],
    ],
    [
      'free "text: a*b"',
      [
        { kind: "text", text: "free", negated: false },
        { kind: "text", text: "text: a*b", negated: false },
      ],
    ],
    [
      String.raw`12\:30 -"-x" a,b`,
      [
        { kind: "text", text: "12:30", negated: false },
        { kind: "text", text: "-x", negated: true },
        { kind: "text", text: "a,b", negated: false },
      ],
    ],
  ])("reads %s", (text, terms) => {
    expect(parse(text)).toEqual({ terms });
  });

  // The carets stand under the place of the error.
  test.each([
    ["acter:alice", "^^^^^      ", /did you mean actor\?/],
    ["a Actor:x", "  ^^^^^  ", /did you mean actor\?/],
    ["-user:alice", " ^^^^      ", /did you mean actor\?/],
    ["a since:-1h", "  ^^^^^    ", /did you mean after\?/],
    ["https://x", "^^^^^    ", /quotes/],
    [":x", "^ ", /without a name/],
    ["metadata:x", "^^^^^^^^  ", /path/],
    ["metadata.:x", "^^^^^^^^^  ", /path/],
    ["metadata.a..b:x", "^^^^^^^^^^^^^  ", /path/],
    ["actor:", "      ^", /missing/],
    ["actor: alice", "      ^     ", /without a space/],
    ["actor:a,,b", "        ^ ", /missing/],
    ["actor:a,", "        ^", /missing/],
    ['actor:""', "      ^^", /nothing/],
    ['x ""', "  ^^", /nothing/],
    ['x "abc', "  ^   ", /not closed/],
    ['actor:"abc', "      ^   ", /not closed/],
    ['actor:"a"b', "         ^", /space/],
    ['actor:a"b"', "       ^  ", /space/],
    ['say"hi"', "   ^   ", /space/],
    [String.raw`actor:DOMAIN\alice`, "            ^^    ", /\\\\ for a backslash/],
    ["a\\", " ^", /backslash/],
    ["a - b", "  ^  ", /nothing follows/],
    ["outcome:failed", "        ^^^^^^", /did you mean failure\?/],
    ["outcome:success,f*", "                ^^", /one of success/],
    ["ip:10.0.0.0/33", "   ^^^^^^^^^^^", /range/],
    ["ip:10.0.0.0/08", "   ^^^^^^^^^^^", /range/],
    ["ip:10.0.*", "   ^^^^^^", /instead of a wildcard/],
    ["ip:fe80::1%eth0", "   ^^^^^^^^^^^^", /IP address/],
    ["after:2026-02-30", "      ^^^^^^^^^^", /no date/],
    ["after:2026-01-01T00:00:00", "      ^^^^^^^^^^^^^^^^^^^", /no date/],
    ["after:yesterday", "      ^^^^^^^^^", /no date/],
    ["after:2026-01-01,2026-01-02", "                 ^^^^^^^^^^", /only one/],
    ["a \0", "  ^", /no entry/],
    ["a \ud800", "  ^", /no entry/],
  ])("points at the error in %j", (text, carets, message) => {
    const error = errorOf(() => parse(text));
    expect(error.code).toBe("query_invalid");
    expect(error.input).toBe(text);
    expect(" ".repeat(error.offset) + "^".repeat(Math.max(1, error.length))).toBe(carets.trimEnd());
    expect(error.message).toMatch(message);
  });

  test("takes 4,096 characters and 64 terms, and no more", () => {
    expect(parse("x".repeat(4096)).terms).toHaveLength(1);
    expect(errorOf(() => parse("x".repeat(4097))).code).toBe("query_invalid");
    expect(parse("x ".repeat(64)).terms).toHaveLength(64);
    expect(errorOf(() => parse("x ".repeat(65))).code).toBe("query_invalid");
    expect(errorOf(() => parse(`x actor:y${",y".repeat(63)}`)).code).toBe("query_invalid");
  });

  test("reads back what formatQuery writes", () => {
    fc.assert(
      fc.property(query, (wanted) => {
        const text = formatQuery(wanted);
        expect(parse(text)).toEqual(wanted);
        expect(formatQuery(parse(text))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test("reads any text or throws a QueryError with a place inside of it", () => {
    fc.assert(
      fc.property(typed, (text) => {
        try {
          parse(text);
        } catch (error) {
          if (!(error instanceof QueryError)) throw error;
          expect(error.length).toBeGreaterThanOrEqual(0);
          expect(error.offset).toBeGreaterThanOrEqual(0);
          expect(error.offset + error.length).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("queryFromParameters", () => {
  test("reads the same query from parameters as from q", () => {
    const text = String.raw`free -action:*.read actor:"Alice B" actor:a* target:"x:\"y\"",z metadata.k:1 ip:::1 after:-7d`;
    const parameters = {
      q: "free -action:*.read",
      actor: ["Alice B", "a*"],
      tenant: undefined,
      target: 'x:"y",z',
      "metadata.k": "1",
      ip: "::1",
      after: "-7d",
    };
    expect(fromParameters(parameters)).toEqual(parse(text));
  });

  test.each([
    [{ acter: "x" }, "acter", 0, 5],
    [{ q: "a", limit: "5" }, "limit", 0, 5],
    [{ "metadata.\ud800": "x" }, "metadata.\ud800", 9, 1],
    [{ actor: "" }, "actor", 0, 0],
    [{ actor: "a,,b" }, "actor", 2, 1],
    [{ outcome: "success,nope" }, "outcome", 8, 4],
    [{ ip: ["::1", "10.0.0.0/33"] }, "ip", 0, 11],
    [{ after: "soon" }, "after", 0, 4],
    [{ actor: "a\\b" }, "actor", 1, 2],
  ] as const)("names the parameter of %j", (parameters, parameter, offset, length) => {
    const error = errorOf(() => fromParameters(parameters));
    expect(error).toMatchObject({ code: "query_invalid", parameter, offset, length });
    expect(error.message.startsWith(`${parameter}: `)).toBe(true);
  });

  test("leaves the name out for q", () => {
    expect(errorOf(() => fromParameters({ actor: "a", q: "b ip:x" }))).toMatchObject({
      parameter: undefined,
      offset: 5,
    });
  });

  test("counts characters and terms over all parameters", () => {
    expect(errorOf(() => fromParameters({ q: "x".repeat(2048), actor: "x".repeat(2048) })).parameter).toBe(
      "actor",
    );
    expect(errorOf(() => fromParameters({ q: "x ".repeat(64), actor: "x" })).parameter).toBe("actor");
  });
});
