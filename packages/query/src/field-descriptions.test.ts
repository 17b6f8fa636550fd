import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { COUNTED_FIELDS, FIELD_DESCRIPTIONS, suggestFields } from "./field-descriptions.ts";
import { FIELD_NAMES } from "./field.ts";
import { parseQuery } from "./parse-query.ts";
import { termPlaces } from "./term-places.ts";

const names = FIELD_DESCRIPTIONS.map(({ name }) => name);

test("every field is described", () => {
  expect(names.toSorted()).toEqual([...FIELD_NAMES, "metadata."].toSorted());
  expect(FIELD_NAMES).toEqual(expect.arrayContaining([...COUNTED_FIELDS]));
});

test("docs/operate/search.md describes them, too", async () => {
  const docs = await readFile(new URL("../../../docs/operate/search.md", import.meta.url), "utf8");
  const rows = docs
    .split("\n## Fields\n")[1]
    ?.split("\n## ")[0]
    ?.split("\n")
    .filter((line) => line.startsWith("| `"));
  const documented = rows?.flatMap((row) => row.split("|")[1]?.match(/[a-z_]+\.?/g) ?? []);
  expect(documented).toEqual(names);
});

test.each(FIELD_DESCRIPTIONS)("$example is an example of $name", ({ name, example }) => {
  expect(parseQuery(example, { nowMs: 0 }).terms).toHaveLength(1);
  const [place] = termPlaces(example);
  expect(example.slice(place?.name?.from, place?.name?.to).startsWith(name)).toBe(true);
});

test.each([
  ["ac", ["actor", "actor_type", "action", "trace_id"]],
  ["user", ["actor"]],
  ["Resou", ["target"]],
  ["re", ["received_after", "received_before", "request_id", "target", "outcome", "before"]],
  ["", names],
  ["xyz", []],
  ["constructor", []],
])("for %j is suggested %j", (prefix, wanted) => {
  expect(suggestFields(prefix).map(({ name }) => name)).toEqual(wanted);
});
