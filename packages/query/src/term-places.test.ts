import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatQuery } from "./format-query.ts";
import { parseQuery } from "./parse-query.ts";
import type { Query } from "./query.ts";
import { QueryError } from "./query-error.ts";
import { termPlaces } from "./term-places.ts";
import { query, typed } from "./testing/query-arbitraries.ts";

const clock = { nowMs: 1_767_225_600_000 };

function parsed(text: string): Query | undefined {
  try {
    return parseQuery(text, clock);
  } catch (error) {
    if (error instanceof QueryError) return undefined;
    throw error;
  }
}

test("terms are where the parser reads them", () => {
  let understood = 0;
  fc.assert(
    fc.property(fc.oneof(typed, query.map(formatQuery)), (text) => {
      const places = termPlaces(text);
      const whole = parsed(text);
      if (whole === undefined) return;
      understood += whole.terms.length;
      expect(places.map(({ from, to }) => parseQuery(text.slice(from, to), clock).terms)).toEqual(
        whole.terms.map((term) => [term]),
      );
      for (const [i, { negated, name, values, rest }] of places.entries()) {
        const term = whole.terms[i];
        expect(rest).toBeUndefined();
        expect(negated).toBe(term?.negated);
        expect(name === undefined).toBe(term?.kind === "text");
        expect(values).toHaveLength(term !== undefined && "anyOf" in term ? term.anyOf.length : 1);
      }
    }),
    { numRuns: 3000 },
  );
  expect(understood).toBeGreaterThan(1000);
});

test("a mistake ends with its word", () => {
  const text = 'say"hi" actor:"a"b -  outcome:a,,"open b';
  expect(
    termPlaces(text).map(({ from, to, rest }) => [
      text.slice(from, to),
      rest && text.slice(rest.from, rest.to),
    ]),
  ).toEqual([
    ['say"hi"', '"hi"'],
    ['actor:"a"b', "b"],
    ["-", undefined],
    ['outcome:a,,"open b', undefined],
  ]);
});
