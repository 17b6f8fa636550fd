import { encodeUtf8 } from "@stele/proof";
import { describe, expect, test } from "vitest";
import { readEntry } from "./read-entry.ts";

const entry = {
  v: 1,
  id: "e1",
  occurred_at: "2026-01-31T12:00:00.000Z",
  received_at: "2026-01-31T12:00:00.000Z",
  action: "document.read",
  actor: { type: "user", id: "alice" },
  outcome: "success",
};
const read = (fields: object) => readEntry(encodeUtf8(JSON.stringify({ ...entry, ...fields })));

test("reads what the log keeps", () => {
  expect(read({ metadata: { a: [1] }, targets: [{ type: "file", id: "f" }] })).toMatchObject({ id: "e1" });
});

test("keeps keys that objects have by themselves", () => {
  const found = readEntry(
    encodeUtf8(JSON.stringify(entry).replace("{", '{"metadata":{"__proto__":{"x":1},"constructor":2},')),
  );
  expect(Object.keys(found!.metadata!)).toEqual(["__proto__", "constructor"]);
  expect(Reflect.get({}, "x")).toBeUndefined();
});

describe("is undefined for what is no entry:", () => {
  test.each([
    ["an actor without id", { actor: { type: "user" } }],
    ["targets that are no list", { targets: { type: "file", id: "f" } }],
    ["a reason that is no text", { reason: { toString: "x" } }],
    ["changes of nothing", { changes: [null] }],
    ["a context that is a text", { context: "x" }],
    ["metadata that is a list", { metadata: [] }],
  ])("%s", (_, fields) => expect(read(fields)).toBeUndefined());

  test.each([
    "",
    "null",
    "[]",
    "{",
    "\u0000",
    "[".repeat(60_000),
    `${"[".repeat(9_000)}${"]".repeat(9_000)}`,
  ])("other bytes (%#)", (text) => expect(readEntry(encodeUtf8(text))).toBeUndefined());

  test("bytes that are not UTF-8", () => expect(readEntry(Uint8Array.of(0xff))).toBeUndefined());

  test("what is so deep that it could not be walked through", () => {
    const deep = JSON.parse(`${"[".repeat(501)}${"]".repeat(501)}`) as unknown;
    expect(read({ metadata: { deep } })).toBeUndefined();
  });
});
