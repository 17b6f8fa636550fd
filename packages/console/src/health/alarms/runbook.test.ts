import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { runbookHint } from "./runbook.ts";

const DOCS = new URL("../../../../../docs/operate/alarms.md", import.meta.url);

it("has a hint for each code of docs/operate/alarms.md", async () => {
  const [, codes = ""] = (await readFile(DOCS, "utf8")).split(/^## Codes$/m);
  const [table = ""] = codes.split(/^## /m);
  const documented = [...table.matchAll(/^\| `([a-z_]+)` +\| (?:critical|warning)/gm)].map(
    ([, code]) => code!,
  );
  expect(documented.length).toBeGreaterThan(20);
  expect(documented.filter((code) => runbookHint(code) === undefined)).toEqual([]);
});

it("has none for what it does not know", () => {
  expect(runbookHint("constructor")).toBeUndefined();
});
