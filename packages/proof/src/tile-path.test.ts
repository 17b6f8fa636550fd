import * as fc from "fast-check";
import { expect, test } from "vitest";
import vectors from "../vectors/tiles.json" with { type: "json" };
import { MalformedError } from "./errors.ts";
import { expectError } from "./testing/expect-error.ts";
import { tilesBetween } from "./tile.ts";
import { formatTilePath, parseTilePath, type TileResource } from "./tile-path.ts";

test("golden paths", () => {
  for (const { level, index, width, path } of vectors.paths) {
    const resource: TileResource = { level: typeof level === "string" ? "entries" : level, index, width };
    expect(formatTilePath(resource)).toBe(path);
    expect(parseTilePath(path)).toEqual(resource);
  }
});

test("golden lists of tiles that a growing log publishes", () => {
  for (const { from, to, paths } of vectors.growth) {
    expect([...tilesBetween(from, to)].map(formatTilePath)).toEqual(paths);
  }
});

test("paths survive both ways", () => {
  const resource = fc.record({
    level: fc.oneof(fc.nat({ max: 63 }), fc.constant("entries" as const)),
    index: fc.maxSafeNat(),
    width: fc.integer({ min: 1, max: 256 }),
  });
  fc.assert(
    fc.property(resource, (value) => {
      expect(parseTilePath(formatTilePath(value))).toEqual(value);
    }),
  );
});

test("rejects every other path", () => {
  for (const path of vectors.malformedPaths) {
    expectError(MalformedError, "tile_path_malformed", () => parseTilePath(path));
  }
});

test("what it accepts, it would write the same", () => {
  const piece = fc.constantFrom(
    "tile",
    "/",
    "0",
    "00",
    "000",
    "001",
    "x",
    "x001",
    "256",
    "255",
    ".p",
    ".p/",
    "entries",
    "63",
    "64",
    "-1",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const path = `tile/${pieces.join("")}`;
      let parsed: TileResource;
      try {
        parsed = parseTilePath(path);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError);
        return;
      }
      expect(formatTilePath(parsed)).toBe(path);
    }),
    { numRuns: 5000 },
  );
});

test("does not format what it would not parse", () => {
  for (const wrong of [
    { level: 64, index: 0, width: 1 },
    { level: -1, index: 0, width: 1 },
    { level: 0, index: -1, width: 1 },
    { level: 0, index: 2 ** 53, width: 1 },
    { level: 0, index: 0, width: 0 },
    { level: 0, index: 0, width: 257 },
  ]) {
    expectError(MalformedError, "integer_out_of_range", () => formatTilePath(wrong));
  }
});
