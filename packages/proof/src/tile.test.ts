import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedError } from "./errors.ts";
import { proveConsistency } from "./consistency.ts";
import { proveInclusion } from "./inclusion.ts";
import { expectError, expectRejection } from "./testing/expect-error.ts";
import { nativeHasher } from "./testing/native-hasher.ts";
import { TestLog } from "./testing/test-log.ts";
import {
  formatTile,
  nodeFromTile,
  parseTile,
  partialTiles,
  tileHashReader,
  tileOfNode,
  tilesBetween,
  tileWidth,
  type Tile,
} from "./tile.ts";
import { formatTilePath } from "./tile-path.ts";

const MAX = Number.MAX_SAFE_INTEGER;
const treeSizes = fc.oneof(fc.maxSafeNat(), fc.nat({ max: 200_000 }));

describe("which tiles there are", () => {
  test("the example of c2sp.org/tlog-tiles: a tree of 70,000", () => {
    expect(partialTiles(70_000)).toEqual([
      { level: 2, index: 0, width: 1 },
      { level: 1, index: 1, width: 17 },
      { level: 0, index: 273, width: 112 },
    ]);
    const tiles = [...tilesBetween(0, 70_000)];
    const full = (level: number) => tiles.filter((tile) => tile.level === level && tile.width === 256).length;
    expect([full(0), full(1), full(2)]).toEqual([273, 1, 0]);
    expect(tiles).toHaveLength(273 + 1 + 1 + 1 + 1);
  });

  test("the example of c2sp.org/tlog-tiles: a tree of 256", () => {
    expect([...tilesBetween(0, 256)]).toEqual([
      { level: 0, index: 0, width: 256 },
      { level: 1, index: 0, width: 1 },
    ]);
    expect(partialTiles(256)).toEqual([{ level: 1, index: 0, width: 1 }]);
  });

  test("an empty tree has none", () => {
    expect([...tilesBetween(0, 0)]).toEqual([]);
    expect(partialTiles(0)).toEqual([]);
    expect(tileWidth(0, 0, 0)).toBe(0);
  });

  test("the partial tiles spell the tree size in base 256", () => {
    fc.assert(
      fc.property(treeSizes, (treeSize) => {
        let sum = 0n;
        for (const { level, index, width } of partialTiles(treeSize)) {
          sum += BigInt(width) * 256n ** BigInt(level);
          expect(width).toBe(Number((BigInt(treeSize) / 256n ** BigInt(level)) % 256n));
          expect(BigInt(index)).toBe(BigInt(treeSize) / 256n ** BigInt(level + 1));
        }
        expect(sum).toBe(BigInt(treeSize));
      }),
    );
  });

  test("tileWidth is what the definition says", () => {
    fc.assert(
      fc.property(treeSizes, fc.nat({ max: 63 }), fc.maxSafeNat(), (treeSize, level, anyIndex) => {
        const hashes = BigInt(treeSize) / 256n ** BigInt(level);
        for (const index of [anyIndex, Number(hashes / 256n), Math.max(0, Number(hashes / 256n) - 1)]) {
          let width = hashes - BigInt(index) * 256n;
          if (width < 0n) width = 0n;
          if (width > 256n) width = 256n;
          expect(tileWidth(level, index, treeSize)).toBe(Number(width));
        }
      }),
    );
  });

  test("growing in steps publishes every tile of the final tree, and nothing twice", () => {
    const step = fc.nat({ max: 700 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const published = new Set<string>();
        let size = 0;
        for (const by of steps) {
          for (const tile of tilesBetween(size, size + by)) {
            const path = formatTilePath(tile);
            expect(published.has(path)).toBe(false);
            expect(tileWidth(tile.level, tile.index, size + by)).toBe(tile.width);
            published.add(path);
          }
          size += by;
        }
        for (const tile of tilesBetween(0, size)) expect(published.has(formatTilePath(tile))).toBe(true);
      }),
    );
  });

  test("numbers that can't be are malformed", () => {
    const bad = [-1, 0.5, 2 ** 53];
    for (const n of bad) {
      expectError(MalformedError, "integer_out_of_range", () => tileWidth(0, 0, n));
      expectError(MalformedError, "integer_out_of_range", () => tileWidth(0, n, 1));
      expectError(MalformedError, "integer_out_of_range", () => partialTiles(n));
      expectError(MalformedError, "integer_out_of_range", () => [...tilesBetween(0, n)]);
      expectError(MalformedError, "integer_out_of_range", () => [...tilesBetween(n, 1)]);
      expectError(MalformedError, "integer_out_of_range", () => tileOfNode({ level: 0, index: n }, 1));
    }
    expectError(MalformedError, "integer_out_of_range", () => tileWidth(64, 0, 1));
    expectError(MalformedError, "integer_out_of_range", () => [...tilesBetween(2, 1)]);
    expectError(MalformedError, "integer_out_of_range", () => tileOfNode({ level: 53, index: 0 }, MAX));
    for (const [level, index] of [
      [0, 300],
      [2, 75],
      [8, 1],
    ] as const) {
      expectError(MalformedError, "tile_missing", () => tileOfNode({ level, index }, 300));
    }
  });
});

describe("hashes in tiles", () => {
  const log = new TestLog(66_000);

  test("a tile is its hashes, exactly", () => {
    const hashes = [0, 1, 2].map((i) => log.hash(0, i));
    const bytes = formatTile(hashes);
    expect(bytes).toHaveLength(96);
    expect(parseTile(bytes, 3)).toEqual(hashes);
    for (const [wrong, width] of [
      [bytes, 2],
      [bytes, 4],
      [bytes.slice(1), 3],
      [new Uint8Array([...bytes, 0]), 3],
      [new Uint8Array(0), 1],
    ] as const) {
      expectError(MalformedError, "tile_malformed", () => parseTile(wrong, width));
    }
    expectError(MalformedError, "integer_out_of_range", () => parseTile(new Uint8Array(0), 0));
    expectError(MalformedError, "integer_out_of_range", () => parseTile(new Uint8Array(257 * 32), 257));
    expectError(MalformedError, "tile_malformed", () => formatTile([]));
    expectError(MalformedError, "tile_malformed", () =>
      formatTile(Array.from({ length: 257 }, () => hashes[0]!)),
    );
    expectError(MalformedError, "hash_malformed", () => formatTile([hashes[0]!.slice(1)]));
  });

  const resources = log.resources();
  const readTile = async (tile: Tile) => parseTile(resources.get(formatTilePath(tile))!, tile.width);
  const read = tileHashReader(log.treeSize, readTile, nativeHasher);

  test("every node of the tree can be read from the tile that is named for it", async () => {
    for (let level = 0; 2 ** level <= log.treeSize; level++) {
      const count = Math.floor(log.treeSize / 2 ** level);
      const indexes = Array.from({ length: Math.min(count, 400) }, (_, i) =>
        Math.floor((i * count) / Math.min(count, 400)),
      );
      const nodes = [...indexes, count - 1].map((index) => ({ level, index }));
      const hashes = await read(nodes);
      for (const [i, node] of nodes.entries()) expect(hashes[i]).toEqual(log.hash(level, node.index));
      await expectRejection(MalformedError, "tile_missing", read([{ level, index: count }]));
    }
  });

  test("proofs can be made from tiles, reading each tile once", async () => {
    const reads: string[] = [];
    const counting = tileHashReader(
      log.treeSize,
      async (tile) => {
        reads.push(formatTilePath(tile));
        return await readTile(tile);
      },
      nativeHasher,
    );
    expect(await proveInclusion(12_345, log.treeSize, counting, nativeHasher)).toEqual(
      await proveInclusion(12_345, log.treeSize, log.readHashes, nativeHasher),
    );
    expect(reads.toSorted()).toEqual([...new Set(reads)].toSorted());
    expect(reads.length).toBeLessThanOrEqual(5);
    expect(await proveConsistency(12_345, log.treeSize, counting, nativeHasher)).toEqual(
      await proveConsistency(12_345, log.treeSize, log.readHashes, nativeHasher),
    );
  });

  test("a tile that is too narrow does not answer", () => {
    const hashes = [0, 1, 2].map((i) => log.hash(0, i));
    expect(nodeFromTile(hashes, { level: 1, index: 0 })).toEqual(log.hash(1, 0));
    expectError(MalformedError, "tile_missing", () => nodeFromTile(hashes, { level: 1, index: 1 }));
    expectError(MalformedError, "tile_missing", () => nodeFromTile(hashes, { level: 0, index: 3 }));
  });

  test("the tile of a node in a tree of any size", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: MAX }),
        fc.nat({ max: 52 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (treeSize, level, where) => {
          const count = Math.floor(treeSize / 2 ** level);
          if (count === 0) return;
          const index = Math.min(count - 1, Math.floor(where * count));
          const tile = tileOfNode({ level, index }, treeSize);
          const [begin, size] = [BigInt(index) << BigInt(level), 1n << BigInt(level)];
          const unit = 256n ** BigInt(tile.level);
          const first = BigInt(tile.index) * 256n * unit;
          expect(first <= begin && begin + size <= first + BigInt(tile.width) * unit).toBe(true);
          expect(size >= unit && size < unit * 256n).toBe(true);
        },
      ),
    );
  });
});
