import { expect, test } from "vitest";
import { isUnfinished, queryProblem } from "./query-problem.ts";
import { queryParts } from "./query-parts.ts";

function partsOf(text: string) {
  return queryParts(text, queryProblem(text));
}

function wrong(text: string) {
  return partsOf(text).filter((part) => part.wrong);
}

function unfinished(text: string, cursor: number): boolean {
  return isUnfinished(queryProblem(text)!, text, cursor);
}

test("parts are the whole text, in order", () => {
  for (const text of ["", "  ", "actor:a -b", "a\tb", 'x "y', "outcome:good,bad  z", "acter:x", "a:", "\\"]) {
    const parts = partsOf(text);
    expect(parts.map((part) => part.text).join("")).toBe(text);
  }
});

test("what is wrong is marked", () => {
  expect(wrong("actor:a outcome:good x").map(({ text }) => text)).toEqual(["good"]);
  expect(wrong("actor:a")).toEqual([]);
});

test("something missing at the end is marked behind the text", () => {
  expect(partsOf("actor:").at(-1)).toEqual({ text: "", kind: undefined, wrong: true });
});

test("a mistake at the cursor may only be unfinished", () => {
  expect(unfinished("actor:", 6)).toBe(true);
  expect(unfinished("outcome:den", 11)).toBe(true);
  expect(unfinished("outcome:den x", 13)).toBe(false);
  expect(unfinished("outcome:den", 3)).toBe(false);
});
