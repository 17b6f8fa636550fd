import { expect, test } from "vitest";
import { BoundedCache } from "./bounded-cache.ts";

test("drops what was not used for longest", () => {
  const cache = new BoundedCache<number>(2);
  cache.set("a", 1);
  cache.set("b", 2);
  expect(cache.get("a")).toBe(1);
  cache.set("c", 3);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([1, undefined, 3]);
  cache.set("a", 4);
  cache.set("d", 5);
  expect([cache.get("a"), cache.get("c"), cache.get("d")]).toEqual([4, undefined, 5]);
});

test("may hold nothing", () => {
  const cache = new BoundedCache<number>(0);
  cache.set("a", 1);
  expect(cache.get("a")).toBeUndefined();
});
