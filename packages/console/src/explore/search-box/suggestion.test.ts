import { completionAt, type ValueCompletion } from "@stele/query";
import { expect, test } from "vitest";
import { knownSuggestions, valueQuestion, valueSuggestions } from "./suggestion.ts";

/** The completion at `|`. */
function at(marked: string): ValueCompletion {
  const completion = completionAt(marked.replace("|", ""), marked.indexOf("|"));
  if (completion?.kind !== "value") throw new Error(`${marked} is no value`);
  return completion;
}

function questionAt(marked: string, range = {}) {
  return valueQuestion(at(marked), range);
}

test("values are counted under the rest of the query and the time range", () => {
  expect(questionAt("outcome:denied actor:al| tenant:acme", { from: "-24h" })).toMatchObject({
    field: "actor",
    query: "outcome:denied tenant:acme actor:al* after:-24h",
  });
  expect(questionAt("actor:|")).toMatchObject({ field: "actor", query: "" });
  expect(questionAt("actor:bob,al|")?.query).toBe("actor:al*");
});

test("what was begun may have any character", () => {
  expect(questionAt('actor:"Alice B|"')?.query).toBe('actor:"Alice B*"');
  expect(questionAt("actor:a\\*b|")?.query).toBe("actor:a\\*b*");
});

test("a mistake elsewhere does not keep values from being suggested", () => {
  expect(questionAt("acter:x actor:al|")?.query).toBe("actor:al*");
});

test("where values can't be searched by their beginning, or are all known, the query has none", () => {
  expect(questionAt("ip:10.|")).toMatchObject({ field: "ip", query: "" });
  expect(questionAt("outcome:de|")).toMatchObject({ field: "outcome", query: "" });
  expect(questionAt("after:|")).toBeUndefined();
  expect(questionAt("metadata.region:eu|")).toBeUndefined();
});

test("only values that begin as typed, and that a query can name", () => {
  const values = ["alice", "bob", "al\0ice", "alan", "al\ud800"].map((value) => ({ value, count: 1 }));
  expect(valueSuggestions(at("actor:al|"), values).map(({ text }) => text)).toEqual(["alice", "alan"]);
});

test("outcomes and distances into the past are known", () => {
  expect(knownSuggestions(at("outcome:|")).map(({ text }) => text)).toEqual([
    "success",
    "failure",
    "denied",
    "unknown",
  ]);
  expect(valueSuggestions(at("outcome:d|"), [{ value: "denied", count: 3 }])).toEqual([
    { text: "denied", count: 3 },
  ]);
  expect(knownSuggestions(at("after:-1|")).map(({ text }) => text)).toEqual(["-15m", "-1h"]);
});
