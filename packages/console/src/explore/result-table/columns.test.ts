import type { LogEntry } from "@stele/client";
import { expect, test } from "vitest";
import { ALL_COLUMNS, columnsOf, columnsText, USUAL_COLUMNS } from "./columns.ts";

const texts = (row: LogEntry) => new Map(ALL_COLUMNS.map(({ name, text }) => [name, text(row)]));

const names = (text?: string) => columnsOf(text).map(({ name }) => name);

test("columns stand in the order of the URL", () => {
  expect(names("index,time")).toEqual(["index", "time"]);
  expect(columnsText(columnsOf("index,time"))).toBe("index,time");
});

test("what a URL says that is no column, or twice, is left out", () => {
  expect(names("time,constructor,__proto__,time,,actor")).toEqual(["time", "actor"]);
  expect(names("toString")).toEqual(USUAL_COLUMNS);
});

test("the usual columns need no words in the URL", () => {
  expect(names()).toEqual(USUAL_COLUMNS);
  expect(columnsText(columnsOf(undefined))).toBeUndefined();
});

test("each column has a text for a full entry, and none for what an entry lacks", () => {
  const bare = {
    index: 3,
    entry: {
      v: 1,
      id: "e1",
      occurred_at: "2026-01-01T00:00:00Z",
      received_at: "2026-01-01T00:00:01Z",
      action: "login",
      actor: { type: "user", id: "u1", name: "Ann" },
      outcome: "denied",
    },
  } satisfies LogEntry;
  expect(texts(bare).get("actor")).toBe("Ann (u1)");
  expect(texts(bare).get("target")).toBeUndefined();
  expect(texts(bare).get("state")).toBeUndefined();
  expect(texts({ ...bare, state: "witnessed" }).get("state")).toBe("witnessed");
  const targets = [{ id: "doc" }, { id: "other", name: "Other" }];
  expect(texts({ ...bare, entry: { ...bare.entry, targets } }).get("target")).toBe("doc and 1 more");
});
