import { expect, test } from "vitest";
import { CSV_HEADER, csvRow } from "./csv.ts";
import type { LogEntry } from "./log-entry.ts";

function eventOf(fields: object): LogEntry {
  const entry = {
    v: 1,
    id: "e-1",
    occurred_at: "2026-01-05T12:00:00.000Z",
    received_at: "2026-01-05T12:00:01.000Z",
    action: "door.opened",
    actor: { type: "user", id: "ann" },
    outcome: "success",
    ...fields,
  } as LogEntry["entry"];
  return { index: 7, entry };
}

/** Cells of a line of RFC 4180. */
function cellsOf(row: string): string[] {
  return [...row.trimEnd().matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain! : quoted.replaceAll('""', '"'),
  );
}

test("has a cell for each title, and ends lines with CR LF", () => {
  const row = csvRow(eventOf({}));
  expect(row).toMatch(/^7,2026-01-05T12:00:00.000Z,.*\r\n$/);
  expect(cellsOf(row)).toHaveLength(cellsOf(CSV_HEADER).length);
});

test.each([
  "=1+1",
  "=cmd|' /C calc'!A0",
  "+1",
  "-1",
  "@SUM(A1)",
  "\t=1",
  "\r=1",
  "\n=1",
  "  =1",
  "|x",
  "%x",
  "\uff1d1",
])("%j is no formula", (text) => {
  const cells = cellsOf(csvRow(eventOf({ reason: text, actor: { type: "user", id: text } })));
  expect(cells.filter((cell) => cell === `'${text}`)).toHaveLength(2);
});

test("texts with separators, quotes and line ends stay whole", () => {
  const reason = 'a "b", c;\nd';
  const metadata = { "k,": ["=1"] };
  const cells = cellsOf(csvRow(eventOf({ reason, metadata, targets: [{ id: "x" }, { id: "y,z" }] })));
  expect(cells).toEqual(
    expect.arrayContaining([reason, JSON.stringify(metadata), JSON.stringify(["x", "y,z"])]),
  );
});

test("the last cell is the whole entry", () => {
  const event = eventOf({ metadata: { note: 'a, "b"\n=1' } });
  expect(JSON.parse(cellsOf(csvRow(event)).at(-1)!)).toEqual(event.entry);
});
