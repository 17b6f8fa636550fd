import { describe, expect, it } from "vitest";
import type { LogStatus } from "@stele/client";
import { barOf, positionsOf } from "./positions.ts";

const LOG: LogStatus = {
  name: "main",
  origin: "o",
  treeSize: 1_000,
  lastCommitAge: 1,
  commitsPerSecond: 1,
  eventsPerSecond: 1,
  journalStart: 700,
  sealedSize: 768,
  segments: 3,
  indexedSize: 990,
  following: 0,
  writable: true,
  reason: undefined,
  mirrors: [],
  publishedSize: 950,
  publishedAt: undefined,
  witnessedSize: undefined,
  witnesses: [],
  verification: undefined,
};

function ranges(log: LogStatus) {
  return positionsOf(log).map(({ name, start, end, behind }) => [name, start, end, behind]);
}

describe("positionsOf", () => {
  it("has what every log has", () => {
    expect(ranges(LOG)).toEqual([
      ["Sealed", 0, 768, undefined],
      ["Hot", 768, 1_000, undefined],
      ["Journal", 700, 1_000, undefined],
      ["Indexed", 0, 990, 10],
      ["Published", 0, 950, 50],
    ]);
  });

  it("has the quorum and each mirror, if there are any", () => {
    const mirror = { mode: "async", lagEntries: 0, lag: 0, ok: true, reason: undefined, conflicts: 0 };
    const mirrors = [
      { ...mirror, place: "a", mirroredSize: 1_000 },
      { ...mirror, place: "b", mirroredSize: 0 },
    ];
    expect(ranges({ ...LOG, witnessedSize: 900, mirrors }).slice(5)).toEqual([
      ["Witnessed", 0, 900, 100],
      ["Mirrored: a", 0, 1_000, 0],
      ["Mirrored: b", 0, 0, 1_000],
    ]);
  });

  it("never leaves the tree, whatever was read a moment later", () => {
    expect(ranges({ ...LOG, indexedSize: 1_010 })[3]).toEqual(["Indexed", 0, 1_000, 0]);
  });
});

describe("barOf", () => {
  it("is nothing in an empty tree", () => {
    expect(barOf({ start: 0, end: 0 }, 0)).toEqual({ left: 0, width: 0 });
  });

  it("is whole for what has everything only", () => {
    expect(barOf({ start: 0, end: 1_000_000_000 }, 1_000_000_000)).toEqual({ left: 0, width: 1 });
    expect(barOf({ start: 0, end: 999_999_999 }, 1_000_000_000).width).toBeLessThan(1);
  });

  it("shows one entry of very many", () => {
    expect(barOf({ start: 0, end: 1 }, 1_000_000_000).width).toBeGreaterThan(0);
    const last = barOf({ start: 999_999_999, end: 1_000_000_000 }, 1_000_000_000);
    expect(last.width).toBeGreaterThan(0);
    expect(last.left + last.width).toBe(1);
  });
});
