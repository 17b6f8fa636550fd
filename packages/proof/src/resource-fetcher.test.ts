import { expect, test } from "vitest";
import { UnavailableError } from "./errors.ts";
import { ResourceFetcher } from "./resource-fetcher.ts";
import { expectRejection } from "./testing/expect-error.ts";

const partial = { level: 0, index: 3, width: 7 };
const full = { level: 0, index: 3, width: 256 };

test("asks for the partial resource, and for the full one only if that fails", async () => {
  const asked: string[] = [];
  const has = new Set(["tile/0/003", "tile/entries/003.p/7"]);
  const fetcher = new ResourceFetcher(async (path) => {
    asked.push(path);
    if (!has.has(path)) throw new Error("404");
    return Uint8Array.of(1);
  }, 1);
  expect(await fetcher.read(partial)).toEqual({ bytes: Uint8Array.of(1), width: 256 });
  expect(await fetcher.read({ ...partial, level: "entries" })).toEqual({ bytes: Uint8Array.of(1), width: 7 });
  expect(asked).toEqual(["tile/0/003.p/7", "tile/0/003", "tile/entries/003.p/7"]);
});

test("if it can't be had, all causes are kept", async () => {
  const fetcher = new ResourceFetcher((path) => Promise.reject(new Error(path)), 1);
  const one = await expectRejection(UnavailableError, "tile_unavailable", fetcher.read(full));
  expect(one.cause).toEqual(new Error("tile/0/003"));
  const both = await expectRejection(UnavailableError, "tile_unavailable", fetcher.read(partial));
  expect(both.cause).toBeInstanceOf(AggregateError);
  expect(both.cause).toMatchObject({ errors: [new Error("tile/0/003.p/7"), new Error("tile/0/003")] });
});

test("a fetch function that throws at once is handled like one that rejects", async () => {
  const fetcher = new ResourceFetcher(() => {
    throw new Error("at once");
  }, 1);
  await expectRejection(UnavailableError, "tile_unavailable", fetcher.read(full));
  await expectRejection(UnavailableError, "tile_unavailable", fetcher.read(full));
});

test("never more fetches at once than allowed, and none is forgotten", async () => {
  let underWay = 0;
  let most = 0;
  let random = 1;
  const fetcher = new ResourceFetcher(async () => {
    most = Math.max(most, ++underWay);
    random = (random * 16807) % 2147483647;
    for (let i = 0; i < random % 5; i++) await Promise.resolve();
    underWay--;
    if (random % 3 === 0) throw new Error("unlucky");
    return new Uint8Array(0);
  }, 3);
  const reads = Array.from({ length: 200 }, async (_, index) => await fetcher.read({ ...full, index }));
  const results = await Promise.allSettled(reads);
  expect(results).toHaveLength(200);
  expect(most).toBe(3);
  expect(underWay).toBe(0);
});

test("the bytes are a copy", async () => {
  const buffer = Buffer.from([1, 2, 3]);
  const { bytes } = await new ResourceFetcher(() => Promise.resolve(buffer), 1).read(full);
  buffer.fill(0);
  expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
});
