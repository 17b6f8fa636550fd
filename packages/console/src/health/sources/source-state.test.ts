import { describe, expect, it } from "vitest";
import type { Source } from "@stele/client";
import { byProblem, gapRanges, sourceState } from "./source-state.ts";

const NOW_MS = Date.parse("2026-01-01T00:10:00Z");
const SOURCE: Source = {
  id: "app",
  entries: 10,
  firstSeq: 1,
  watermark: 10,
  lastSeq: 10,
  gapCount: 0,
  missing: 0,
  gaps: [],
  duplicates: 0,
  duplicateIndexes: [],
  firstIndex: 0,
  firstAt: "2026-01-01T00:00:00Z",
  lastIndex: 9,
  lastAt: "2026-01-01T00:09:00Z",
  heartbeatSeconds: 0,
  isTruncated: false,
};
const since = "2026-01-01T00:05:00Z";

describe("sourceState", () => {
  it("is silent only beyond the heartbeat that was declared", () => {
    expect(sourceState(SOURCE, NOW_MS)).toMatchObject({ isSilent: false, quietMs: 60_000 });
    expect(sourceState({ ...SOURCE, heartbeatSeconds: 59 }, NOW_MS).isSilent).toBe(true);
    expect(sourceState({ ...SOURCE, heartbeatSeconds: 61 }, NOW_MS).isSilent).toBe(false);
  });

  it("is not quiet for less than no time, if a clock is ahead", () => {
    expect(sourceState({ ...SOURCE, lastAt: "2026-01-01T01:00:00Z" }, NOW_MS).quietMs).toBe(0);
  });
});

describe("byProblem", () => {
  it("puts gaps first, then silence, then duplicates, then ids", () => {
    const states = [
      { ...SOURCE, id: "b" },
      { ...SOURCE, id: "a" },
      { ...SOURCE, id: "twice", duplicates: 1 },
      { ...SOURCE, id: "quiet", heartbeatSeconds: 1 },
      { ...SOURCE, id: "small gap", gapCount: 1, missing: 1 },
      { ...SOURCE, id: "large gap", gapCount: 1, missing: 100 },
    ].map((source) => sourceState(source, NOW_MS));
    expect(states.toSorted(byProblem).map(({ source }) => source.id)).toEqual([
      "large gap",
      "small gap",
      "quiet",
      "twice",
      "a",
      "b",
    ]);
  });
});

describe("gapRanges", () => {
  it("names the first and counts the rest", () => {
    const gaps = [
      { from: 2, to: 8, since },
      { from: 11, to: 11, since },
      { from: 20, to: 21, since },
    ];
    expect(gapRanges({ gaps, gapCount: 3 }, 5)).toBe("2–8, 11, 20–21");
    expect(gapRanges({ gaps, gapCount: 7 }, 2)).toBe("2–8, 11 and 5 more");
  });
});
