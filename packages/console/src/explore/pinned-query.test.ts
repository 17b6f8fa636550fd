import { expect, test } from "vitest";
import { pinnedQuery } from "./pinned-query.ts";

const NOW_MS = Date.parse("2026-01-02T00:00:00Z");

test("a distance into the past becomes a time, and means the same later", () => {
  const pinned = pinnedQuery("action:login after:-24h", NOW_MS);
  expect(pinned).toBe("action:login after:2026-01-01T00:00:00.000Z");
  expect(pinnedQuery(pinned, NOW_MS + 60_000)).toBe(pinned);
});

test("what can't be read stays as it is", () => {
  expect(pinnedQuery("nofield:x", NOW_MS)).toBe("nofield:x");
});
