import { expect, test } from "vitest";
import { columnWidth, gridColumns, parseColumnWidths } from "./column-widths.ts";
import { columnsOf } from "./columns.ts";

test("of what a browser kept, only widths of columns are taken", () => {
  expect(
    parseColumnWidths('{"actor":200.4,"time":1,"ip":9e9,"target":"x","other":100,"__proto__":5}'),
  ).toEqual({
    actor: 200,
    time: columnWidth(0),
    ip: columnWidth(Infinity),
  });
  for (const text of [undefined, "", "null", "[]", "{", "7"]) expect(parseColumnWidths(text)).toEqual({});
});

test("a column has its own width, and the others share what is left", () => {
  const columns = columnsOf("time,actor,action");
  const usual = gridColumns(columns, {});
  expect(usual.template).toMatch(/^\d+px minmax\(\d+px, 3fr\) minmax\(\d+px, 1fr\)$/);
  const { template, widthMin } = gridColumns(columns, { actor: 300, outcome: 77 });
  expect(template).toMatch(/^\d+px 300px minmax\(\d+px, 1fr\)$/);
  expect(widthMin - usual.widthMin).toBe(300 - columns[1]!.width);
});
