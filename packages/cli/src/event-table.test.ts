import type { LogEntry } from "@stele/client";
import { expect, test } from "vitest";
import { EventTable } from "./event-table.ts";
import { columnsOf } from "./printable.ts";
import type { Output } from "./terminal.ts";

function fakeOutput(columns: number | undefined): Output {
  return {
    isTTY: columns !== undefined,
    columns,
    write: async () => undefined,
    style: (style, text) => (columns === undefined ? text : `<${style}>${text}</>`),
  };
}

function event(index: number, change: Partial<LogEntry["entry"]> = {}): LogEntry {
  return {
    index,
    entry: {
      v: 1,
      id: `e${index}`,
      occurred_at: "2026-01-02T03:04:05.678Z",
      received_at: "2026-01-02T03:04:06.000Z",
      action: "document.updated",
      actor: { type: "user", id: "usr_1", name: "Zoë Ünal" },
      targets: [{ type: "document", id: "doc_7", name: "Payroll" }],
      context: { ip: "203.0.113.9" },
      outcome: "success",
      ...change,
    },
  };
}

test("off a terminal: aligned, not cut, not coloured", () => {
  const table = new EventTable(fakeOutput(undefined));
  const long = "x".repeat(300);
  const text = table.rows([
    event(0),
    event(12, { action: long, targets: [], outcome: "denied", context: {} }),
  ]);
  const [header, first, second] = text.split("\n");
  expect(header).toMatch(/^INDEX {2}TIME \(UTC\) {11}ACTOR {5}ACTION +TARGET {3}OUTCOME {2}IP$/);
  expect(first).toMatch(
    /^0 {6}2026-01-02 03:04:05 {2}Zoë Ünal {2}document\.updated +Payroll {2}success {2}203\.0\.113\.9$/,
  );
  expect(second).toContain(long);
  expect(second).toMatch(/denied$/);
  expect(table.rows([event(13)])).not.toContain("INDEX");
});

test("on a terminal: one line an event, and none wider than the terminal", () => {
  for (const columns of [100, 120, 200]) {
    const table = new EventTable(fakeOutput(columns));
    const events = [
      event(0, { actor: { type: "user", id: "x", name: "n".repeat(200) } }),
      event(1, { action: "a.".repeat(60) + "b", outcome: "denied" }),
      event(2, {
        targets: [
          { type: "t", id: "山".repeat(100) },
          { type: "t", id: "u" },
        ],
        outcome: "failure",
      }),
    ];
    const lines = table.rows(events).trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      expect(columnsOf(line.replaceAll(/<[a-z]*>|<\/>/g, ""))).toBeLessThanOrEqual(columns);
    }
    expect(lines[2]).toMatch(/^<red>/);
    expect(lines[3]).toMatch(/^<yellow>/);
  }
});

test("with a column that says how far each event got", () => {
  const table = new EventTable(fakeOutput(undefined), { withState: true });
  const text = table.rows([{ ...event(0), state: "witnessed" }, event(1)]);
  expect(text.split("\n")).toEqual([
    expect.stringMatching(/ IP {11}STATE$/),
    expect.stringMatching(/203\.0\.113\.9 {2}witnessed$/),
    expect.stringMatching(/203\.0\.113\.9 {2}unknown$/),
    "",
  ]);
});

test("text of events can't act on the terminal, nor begin a line", () => {
  const table = new EventTable(fakeOutput(200));
  const text = table.rows([
    event(0, {
      actor: { type: "user", id: "x", name: "a\n99999  2026-01-01 00:00:00  root" },
      targets: [{ type: "t", id: "\u001B[1A\u001B[2Khidden" }],
      context: { ip: "\u202E1.2.3.4" },
    }),
  ]);
  expect(text.trimEnd().split("\n")).toHaveLength(2);
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
});

test("a stream of events has columns before it has events", () => {
  const table = new EventTable(fakeOutput(140));
  const header = table.rows([]);
  const row = table.rows([event(5)]);
  expect(row.indexOf("document.updated")).toBe(header.indexOf("ACTION") - "<bold>".length);
});
