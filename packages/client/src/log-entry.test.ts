import { expect, it } from "vitest";
import { Answer } from "./answer.ts";
import { parseLogEntry } from "./log-entry.ts";

const ENTRY = {
  v: 1,
  id: "e1",
  occurred_at: "2026-01-31T12:00:00Z",
  received_at: "2026-01-31T12:00:01Z",
  action: "door.opened",
  actor: { type: "user", id: "ann" },
  outcome: "success",
};

function parse(changes: object) {
  return parseLogEntry(new Answer({ index: 7, entry: { ...ENTRY, ...changes } }, "answer"));
}

it.each([
  {},
  { targets: [{ id: "a" }, { id: "b", type: "door", name: "Vault", floor: 3 }] },
  { context: { ip: "10.0.0.1", location: { city: "Bern" } } },
  { source: { id: "s", seq: 4 }, tenant: "acme", reason: "because" },
])("takes an entry with %j", (changes) => {
  expect(parse(changes)).toEqual({ index: 7, entry: { ...ENTRY, ...changes } });
});

it.each([
  { v: 2 },
  { action: 7 },
  { actor: "ann" },
  { actor: { type: "user", id: "ann", name: {} } },
  { targets: {} },
  { targets: [null] },
  { targets: [{ id: 1 }] },
  { context: null },
  { context: { ip: ["10.0.0.1"] } },
  { tenant: 5 },
  { reason: [] },
  { source: "s" },
])("does not take one with %j: whoever shows it would stumble", (changes) => {
  expect(() => parse(changes)).toThrow(expect.objectContaining({ code: "response_malformed" }));
});
