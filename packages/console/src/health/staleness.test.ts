import { expect, it } from "vitest";
import { stalenessOf } from "./staleness.ts";

it("is fresh between two answers", () => {
  expect(stalenessOf({ nowMs: 15_000, answeredMs: 9_000, failedMs: undefined })).toBeUndefined();
});

it("is stale from the first failure on", () => {
  expect(stalenessOf({ nowMs: 15_000, answeredMs: 9_000, failedMs: 14_000 })).toEqual({
    asOfMs: 9_000,
    sinceMs: 14_000,
  });
});

it("is stale when the node hangs", () => {
  expect(stalenessOf({ nowMs: 30_000, answeredMs: 9_000, failedMs: undefined })).toEqual({
    asOfMs: 9_000,
    sinceMs: 9_000,
  });
});

it("is fresh for a browser whose clock was set back", () => {
  expect(stalenessOf({ nowMs: 0, answeredMs: 9_000, failedMs: undefined })).toBeUndefined();
});
