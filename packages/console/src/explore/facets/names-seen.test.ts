import type { LogEntry, Party } from "@stele/client";
import { expect, test } from "vitest";
import { NamesSeen } from "./names-seen.ts";

/** Of an entry, what is looked at. */
const entry = (actor: Party, ...targets: Party[]) =>
  ({ index: 0, entry: { actor, targets } }) as unknown as LogEntry;

test("knows what events call an id, in the field in which they did", () => {
  const names = new NamesSeen();
  let changes = 0;
  names.subscribe(() => changes++);
  const seen = [
    entry({ id: "u1", type: "user", name: "Ada" }, { id: "d1", type: "document", name: "Plan" }),
    entry({ id: "u2", type: "user" }, { id: "__proto__", type: "document", name: "Odd" }),
  ];
  names.learn(seen);
  names.learn(seen);
  expect(changes).toBe(1);
  expect(names.nameOf("actor", "u1")).toBe("Ada");
  expect(names.nameOf("target", "d1")).toBe("Plan");
  expect(names.nameOf("target", "__proto__")).toBe("Odd");
  expect(names.nameOf("actor", "__proto__")).toBeUndefined();
  expect(names.nameOf("actor", "u2")).toBeUndefined();
  expect(names.nameOf("actor", "d1")).toBeUndefined();
  expect(names.nameOf("tenant", "u1")).toBeUndefined();
});

test.each([
  ["another name", { id: "u1", type: "user", name: "Mallory" }],
  ["the same name for something else", { id: "u1", type: "service", name: "Ada" }],
])("an id under which there was %s has none any more", (_, other) => {
  const names = new NamesSeen();
  names.learn([entry({ id: "u1", type: "user", name: "Ada" })]);
  names.learn([entry(other)]);
  names.learn([entry({ id: "u1", type: "user", name: "Ada" })]);
  expect(names.nameOf("actor", "u1")).toBeUndefined();
});

test("what is endless is not kept", () => {
  const names = new NamesSeen();
  names.learn([entry({ id: "u1", name: "x".repeat(201) })]);
  expect(names.nameOf("actor", "u1")).toBeUndefined();
  names.learn(Array.from({ length: 5_001 }, (_, i) => entry({ id: `u${i}`, name: "n" })));
  expect(names.nameOf("actor", "u4999")).toBe("n");
  expect(names.nameOf("actor", "u5000")).toBeUndefined();
});
