import type { Entry } from "@stele/client";
import { expect, test } from "vitest";
import { sentenceOf } from "./sentence.ts";

const entry: Entry = {
  v: 1,
  id: "e1",
  occurred_at: "2026-01-31T12:00:00.000Z",
  received_at: "2026-01-31T12:00:00.000Z",
  action: "document.updated",
  actor: { type: "user", id: "alice" },
  outcome: "success",
};
const say = (fields: Partial<Entry>) =>
  sentenceOf({ ...entry, ...fields })
    .map(({ text }) => text)
    .join("");
const targets = [{ type: "document", id: "doc_7" }];

test("says who did what to what, from where, when and with which outcome", () => {
  expect(say({ targets, context: { ip: "203.0.113.7" } })).toBe(
    "alice (user) updated document doc_7 from 203.0.113.7 at 2026-01-31T12:00:00.000Z: success.",
  );
});

test("does not say that what was denied was done", () => {
  expect(
    say({ targets, outcome: "denied", reason: "no right", on_behalf_of: { type: "user", id: "bob" } }),
  ).toBe(
    "alice (user) attempted document.updated on document doc_7 at 2026-01-31T12:00:00.000Z: denied, because: no right; on behalf of bob (user).",
  );
});

test("names people by name and id, and the first targets of many", () => {
  const many = Array.from({ length: 5 }, (_, i) => ({ type: "file", id: `f${i}` }));
  expect(say({ actor: { type: "user", id: "u1", name: "Alice" }, targets: many, outcome: "unknown" })).toBe(
    "Alice (user u1) updated file f0, file f1, file f2 and 2 more at 2026-01-31T12:00:00.000Z: with an unknown outcome.",
  );
});

test("names a target by its id, too", () => {
  expect(say({ targets: [{ type: "document", id: "doc_7", name: "Payroll" }] })).toContain(
    "updated document Payroll (doc_7) at ",
  );
});

test("keeps an action that is no verb in the past as it is", () => {
  expect(say({ action: "iam.create-role" })).toContain("alice (user) did iam.create-role at ");
  expect(say({ action: "constructor" })).toContain("did constructor");
});

test("keeps text of strangers apart from its own words", () => {
  const phrases = sentenceOf({ ...entry, targets, reason: "because" });
  const values = phrases.filter(({ kind }) => kind === "value").map(({ text }) => text);
  expect(values).toEqual(["alice", "user", "document", "doc_7", "success", "because"]);
});
