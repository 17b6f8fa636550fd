import { describe, expect, test } from "vitest";
import { verifyConsistency } from "./consistency.ts";
import { MalformedError, SteleError, UnavailableError, VerificationError } from "./errors.ts";
import { verifyInclusion } from "./inclusion.ts";
import { fetchFrom, TestLog } from "./testing/test-log.ts";
import { expectRejection } from "./testing/expect-error.ts";
import { nativeHasher } from "./testing/native-hasher.ts";
import { TileReader, type TileReaderOptions } from "./tile-reader.ts";
import { decodeUtf8 } from "./utf8.ts";

const log = new TestLog(66_200, undefined, nativeHasher);

async function readerOf(
  treeSize: number,
  resources = log.resources(treeSize),
  options: TileReaderOptions = {},
) {
  const fetched: string[] = [];
  const fetch = fetchFrom(resources, fetched);
  const reader = new TileReader(await log.checkpoint(treeSize), fetch, { hasher: nativeHasher, ...options });
  return { reader, fetched, resources };
}

async function readAll(reader: TileReader, begin = 0, end = reader.checkpoint.treeSize): Promise<string[]> {
  const entries: string[] = [];
  for await (const { leafIndex, leafHash, entry } of reader.readEntries(begin, end)) {
    expect(leafIndex).toBe(begin + entries.length);
    expect(leafHash).toEqual(log.hash(0, leafIndex));
    entries.push(decodeUtf8(entry));
  }
  return entries;
}

const names = (begin: number, end: number) =>
  Array.from({ length: end - begin }, (_, i) => `entry ${begin + i}`);

describe("an honest log", () => {
  test.each([0, 1, 2, 255, 256, 257, 511, 512, 513, 1000])(
    "all entries of a tree of %i",
    async (treeSize) => {
      const { reader, fetched } = await readerOf(treeSize);
      expect(await readAll(reader)).toEqual(names(0, treeSize));
      expect(fetched.length).toBe(new Set(fetched).size);
    },
  );

  test("any range of entries", async () => {
    const { reader } = await readerOf(1000);
    for (const [begin, end] of [
      [0, 0],
      [1000, 1000],
      [5, 6],
      [255, 257],
      [256, 512],
      [700, 1000],
      [999, 1000],
    ] as const) {
      expect(await readAll(reader, begin, end)).toEqual(names(begin, end));
    }
  });

  test("single entries, with proofs that verify", async () => {
    for (const treeSize of [1, 256, 300, 65_536, 66_200]) {
      const { reader } = await readerOf(treeSize);
      for (const leafIndex of new Set([0, 1, 255, 256, 299, 4000, 65_535, 65_536, treeSize - 1])) {
        if (leafIndex >= treeSize) continue;
        const { entry, leafHash } = await reader.readEntry(leafIndex);
        expect(decodeUtf8(entry)).toBe(`entry ${leafIndex}`);
        const proof = await reader.proveInclusion(leafIndex);
        verifyInclusion(proof, { leafIndex, leafHash }, reader.checkpoint, nativeHasher);
      }
    }
  });

  test("consistency with every kind of older checkpoint", async () => {
    const { reader } = await readerOf(66_200);
    for (const older of [0, 1, 255, 256, 257, 1000, 65_535, 65_536, 65_537, 66_199, 66_200]) {
      const head = await log.checkpoint(older);
      const proof = await reader.proveConsistency(head);
      verifyConsistency(proof, head, reader.checkpoint, nativeHasher);
    }
  });

  test("every node of a tree", async () => {
    const treeSize = 700;
    const { reader } = await readerOf(treeSize);
    for (let level = 0; 2 ** level <= treeSize; level++) {
      const count = Math.floor(treeSize / 2 ** level);
      const nodes = Array.from({ length: count }, (_, index) => ({ level, index }));
      expect(await reader.readHashes(nodes)).toEqual(nodes.map(({ index }) => log.hash(level, index)));
      await expectRejection(MalformedError, "tile_missing", reader.readHashes([{ level, index: count }]));
    }
  });

  test("indexes outside the tree", async () => {
    const { reader, fetched } = await readerOf(300);
    for (const index of [-1, 300, 0.5, Number.NaN, 2 ** 53]) {
      await expectRejection(MalformedError, "integer_out_of_range", reader.readEntry(index));
      await expectRejection(MalformedError, "integer_out_of_range", reader.proveInclusion(index));
      await expectRejection(
        MalformedError,
        "integer_out_of_range",
        readAll(reader, 0, index === 300 ? 301 : index),
      );
    }
    const larger = await log.checkpoint(301);
    await expectRejection(MalformedError, "integer_out_of_range", reader.proveConsistency(larger));
    expect(fetched).toEqual([]);
  });
});

describe("what is fetched", () => {
  test("entries cost their bundle and the tiles above, once", async () => {
    const { reader, fetched } = await readerOf(66_200);
    await reader.readEntry(1000);
    expect(fetched.toSorted()).toEqual([
      "tile/0/258.p/152",
      "tile/1/000",
      "tile/1/001.p/2",
      "tile/2/000.p/1",
      "tile/entries/003",
    ]);
    fetched.length = 0;
    await reader.readEntry(70);
    await reader.readEntry(66_199);
    expect(fetched).toEqual(["tile/entries/000", "tile/entries/258.p/152"]);
  });

  test("readers at the same time share tiles", async () => {
    const { reader, fetched } = await readerOf(66_200);
    const proofs = Array.from({ length: 50 }, async (_, i) => await reader.proveInclusion(i * 5));
    await Promise.all(proofs);
    expect(fetched).toHaveLength(new Set(fetched).size);
    expect(fetched).toHaveLength(5);
  });

  test("not more tiles are kept than allowed, and reading goes on without any", async () => {
    for (const cachedTilesMax of [0, 1, 3]) {
      const { reader, fetched } = await readerOf(66_200, undefined, { cachedTilesMax });
      for (const leafIndex of [0, 300, 600, 900, 0]) await reader.proveInclusion(leafIndex);
      const firstTile = fetched.filter((path) => path === "tile/0/000").length;
      expect(firstTile).toBe(2);
    }
  });

  test("at most so many fetches at once, and bundles ahead only as far", async () => {
    for (const parallelMax of [1, 3]) {
      let underWay = 0;
      let most = 0;
      const resources = log.resources(5000);
      const reader = new TileReader(
        await log.checkpoint(5000),
        async (path) => {
          most = Math.max(most, ++underWay);
          await new Promise((resolve) => setImmediate(resolve));
          underWay--;
          return resources.get(path)!;
        },
        { hasher: nativeHasher, parallelMax },
      );
      expect(await readAll(reader)).toEqual(names(0, 5000));
      expect(most).toBe(parallelMax);
    }
  });

  test("a reader that stops early fetches no more", async () => {
    const { reader, fetched } = await readerOf(10_000, undefined, { parallelMax: 2 });
    for await (const { leafIndex } of reader.readEntries(0, 10_000)) {
      if (leafIndex === 10) break;
    }
    expect(fetched.filter((path) => path.includes("entries")).length).toBeLessThanOrEqual(2);
  });

  test("the full tile or bundle serves where the partial one is gone", async () => {
    const resources = log.resources(300);
    const later = log.resources(66_200);
    for (const path of ["tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1"]) {
      resources.delete(path);
      resources.set(path.replace(/\.p.*/, ""), later.get(path.replace(/\.p.*/, ""))!);
    }
    const { reader } = await readerOf(300, resources);
    expect(await readAll(reader)).toEqual(names(0, 300));
    await expectRejection(MalformedError, "integer_out_of_range", reader.readEntry(300));
  });

  test("after a failure it can be asked again", async () => {
    const resources = log.resources(600);
    const missing = new Map<string, Uint8Array>();
    const { reader } = await readerOf(600, missing);
    await expectRejection(UnavailableError, "tile_unavailable", reader.readEntry(0));
    await expectRejection(UnavailableError, "tile_unavailable", readAll(reader));
    for (const [path, bytes] of resources) missing.set(path, bytes);
    expect(await readAll(reader)).toEqual(names(0, 600));
  });
});

/** Reads what depends on everything: all entries, and level-0 hashes through their tiles. */
async function readEverything(reader: TileReader): Promise<void> {
  const { treeSize } = reader.checkpoint;
  for (let index = 0; index < treeSize; index += 256) await reader.readHashes([{ level: 0, index }]);
  await reader.readHashes([{ level: 0, index: treeSize - 1 }]);
  await readAll(reader);
}

function isLieFound(error: unknown): boolean {
  return error instanceof VerificationError || error instanceof MalformedError;
}

async function expectFound(
  resources: Map<string, Uint8Array>,
  treeSize: number,
  what: string,
): Promise<void> {
  const { reader } = await readerOf(treeSize, resources);
  const error: unknown = await readEverything(reader).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isLieFound(error)) expect.fail(`${what}: ${String(error)}`);
}

describe("a log that lies", () => {
  const treeSize = 520;
  const honest = log.resources(treeSize);

  test("a bit changed in any hash of any tile", async () => {
    for (const [path, bytes] of honest) {
      if (path.includes("entries")) continue;
      for (let at = 0; at < bytes.length; at += 32) {
        const byte = at + ((at / 32) % 32);
        const changed = new Map(honest).set(path, bytes.with(byte, bytes[byte]! ^ (1 << (at % 7))));
        const { reader } = await readerOf(treeSize, changed);
        const code = await readEverything(reader).then(
          () => "nothing",
          (error: unknown) => (error instanceof VerificationError ? error.code : String(error)),
        );
        if (code !== "tile_not_authentic") expect.fail(`${path} at ${byte}: ${code}`);
      }
    }
  });

  test("a bit changed anywhere in an entry bundle", async () => {
    for (const [path, bytes] of honest) {
      if (!path.includes("entries")) continue;
      const first = path === "tile/entries/000" ? 0 : path === "tile/entries/001" ? 256 : 512;
      const step = first === 512 ? 1 : 5;
      for (let at = 0; at < bytes.length; at += step) {
        const changed = new Map(honest).set(path, bytes.with(at, bytes[at]! ^ 1));
        const { reader } = await readerOf(treeSize, changed);
        const error: unknown = await reader.readEntry(first).catch((thrown: unknown) => thrown);
        if (!isLieFound(error)) expect.fail(`${path} at ${at}: ${String(error)}`);
      }
    }
  });

  test("tiles and bundles cut off, extended, swapped, or of another log", async () => {
    const other = new TestLog(treeSize, (index) => `other ${index}`, nativeHasher).resources();
    for (const [path, bytes] of honest) {
      for (const [otherPath, wrong] of [
        ["cut off", bytes.slice(0, -1)],
        ["one hash less", bytes.slice(0, -32)],
        ["extended", new Uint8Array([...bytes, 0])],
        ["one hash more", new Uint8Array([...bytes, ...bytes.slice(0, 32)])],
        ["empty", new Uint8Array(0)],
        ["of another log", other.get(path)!],
        ...[...honest].filter(([name]) => name !== path),
      ] as const) {
        await expectFound(new Map(honest).set(path, wrong), treeSize, `${path} is ${otherPath}`);
      }
    }
  });

  test("a whole other log under the same checkpoint", async () => {
    const other = new TestLog(treeSize, (index) => (index === 0 ? "x" : `entry ${index}`), nativeHasher);
    await expectFound(other.resources(), treeSize, "other log");
  });

  test("in a tree of three tile levels, a changed hash in each tile on the way", async () => {
    const big = log.resources(66_200);
    for (const path of ["tile/2/000.p/1", "tile/1/000", "tile/1/001.p/2", "tile/0/003", "tile/0/258.p/152"]) {
      const bytes = big.get(path)!;
      for (let at = 0; at < bytes.length; at += 32) {
        const changed = new Map(big).set(path, bytes.with(at, bytes[at]! ^ 1));
        const { reader } = await readerOf(66_200, changed);
        await expectRejection(VerificationError, "tile_not_authentic", reader.proveInclusion(1000));
      }
    }
  });

  test("a full tile in place of a partial one is not trusted further than the tree goes", async () => {
    const resources = log.resources(300);
    const full = log.resources(66_200).get("tile/0/001")!;
    resources.delete("tile/0/001.p/44");
    for (const [hash, isFound] of [
      [43, true],
      [44, false],
    ] as const) {
      const { reader } = await readerOf(
        300,
        resources.set("tile/0/001", full.with(hash * 32, full[hash * 32]! ^ 1)),
      );
      const read = reader.readHashes([{ level: 0, index: 256 }]);
      if (isFound) await expectRejection(VerificationError, "tile_not_authentic", read);
      else expect(await read).toEqual([log.hash(0, 256)]);
    }
  });

  test("a changed past is shown by two checkpoints", async () => {
    const fork = new TestLog(300, (index) => (index === 7 ? "rewritten" : `entry ${index}`), nativeHasher);
    const reader = new TileReader(await fork.checkpoint(), fetchFrom(fork.resources()), {
      hasher: nativeHasher,
    });
    for (const size of [8, 200, 256, 299, 300]) {
      const older = await log.checkpoint(size);
      const error = await expectRejection(
        VerificationError,
        "consistency_not_proven",
        reader.proveConsistency(older),
      );
      expect(error.evidence).toMatchObject({ older, newer: reader.checkpoint });
    }
    await reader.proveConsistency(await log.checkpoint(7));
  });

  test("the evidence names the resource and the checkpoint", async () => {
    const changed = new Map(honest).set("tile/entries/000", honest.get("tile/entries/001")!);
    const { reader } = await readerOf(treeSize, changed);
    const error = await expectRejection(VerificationError, "entry_not_authentic", reader.readEntry(0));
    expect(error.evidence).toMatchObject({ begin: 0, checkpoint: reader.checkpoint });
    expect(await readAll(reader, 256, 520)).toEqual(names(256, 520));

    const wrongTile = new Map(honest).set("tile/0/000", honest.get("tile/0/001")!);
    const { reader: second } = await readerOf(treeSize, wrongTile);
    const tileError = await expectRejection(
      VerificationError,
      "tile_not_authentic",
      second.proveInclusion(0),
    );
    expect(tileError.evidence).toEqual({ paths: ["tile/0/000"], checkpoint: second.checkpoint });
  });

  test("every error is a SteleError", async () => {
    const { reader } = await readerOf(treeSize, new Map());
    await expect(reader.readEntry(0)).rejects.toBeInstanceOf(SteleError);
  });
});
