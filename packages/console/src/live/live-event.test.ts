import type { Entry } from "@stele/client";
import { expect, test } from "vitest";
import { liveEvent } from "./live-event.ts";

const entry: Entry = {
  v: 1,
  id: "e-1",
  occurred_at: "2026-01-05T12:00:00.000Z",
  received_at: "2026-01-05T12:00:01.000Z",
  action: "door.opened",
  actor: { type: "user", id: "u-666", name: "Ann" },
  targets: [{ type: "door", id: "d-1" }],
  outcome: "success",
};

test("a name does not stand for the id", () => {
  expect(liveEvent({ index: 7, entry })).toEqual({
    index: 7,
    occurredAt: "2026-01-05T12:00:00.000Z",
    receivedAt: "2026-01-05T12:00:01.000Z",
    outcome: "success",
    actor: "Ann (u-666)",
    action: "door.opened",
    targets: "d-1",
  });
});

test("is small, however large the event is", () => {
  const long = "x".repeat(20_000);
  const large = {
    ...entry,
    actor: { type: "user", id: long, name: long },
    targets: Array.from({ length: 100 }, () => ({ type: "door", id: long })),
    metadata: { long },
  };
  expect(JSON.stringify(liveEvent({ index: 7, entry: large })).length).toBeLessThan(1_000);
});
