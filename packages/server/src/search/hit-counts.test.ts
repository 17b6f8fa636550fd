import { expect, it } from "vitest";
import { askerSignal, forAsker } from "./asker.ts";
import { HitCounts } from "./hit-counts.ts";
import { parseQuery } from "@stele/query";

const ask = (text: string) => parseQuery(text, { nowMs: 0 });

it("counts a range of a query once, also if two ask at the same time", async () => {
  const counts = new HitCounts();
  let counted = 0;
  const count = async () => ++counted;
  const ofAlice = counts.of(ask("actor:alice"));
  expect(await Promise.all([ofAlice(0, 256, count), ofAlice(0, 256, count)])).toEqual([1, 1]);
  expect(await counts.of(ask("actor:alice"))(0, 256, count)).toBe(1);
  expect(await ofAlice(0, 255, count)).toBe(2);
  expect(await counts.of(ask("-actor:alice"))(0, 256, count)).toBe(3);
  expect(await counts.of(ask("after:2026-01-01"))(0, 256, count)).toBe(4);
  expect(await counts.of(ask("after:2026-01-02"))(0, 256, count)).toBe(5);
});

it("forgets a failure, and what was not used for longest", async () => {
  const counts = new HitCounts(2).of(ask("actor:alice"));
  await expect(counts(0, 1, () => Promise.reject(new Error("not now")))).rejects.toThrow("not now");
  let counted = 0;
  const count = async () => ++counted;
  expect(await counts(0, 1, count)).toBe(1);
  expect(await counts(0, 2, count)).toBe(2);
  expect(await counts(0, 1, count)).toBe(1);
  expect(await counts(0, 3, count)).toBe(3);
  expect(await counts(0, 1, count)).toBe(1);
  expect(await counts(0, 2, count)).toBe(4);
});

it("counts to the end what others may wait for, too, though who asked first has gone", async () => {
  const counts = new HitCounts().of(ask("actor:alice"));
  const gone = new AbortController();
  const release = Promise.withResolvers<void>();
  const signals: (AbortSignal | undefined)[] = [];
  const first = forAsker(gone.signal, () =>
    counts(0, 1, async () => {
      await release.promise;
      signals.push(askerSignal());
      return 7;
    }),
  );
  const second = counts(0, 1, async () => 8);
  gone.abort();
  release.resolve();
  expect(await Promise.all([first, second])).toEqual([7, 7]);
  expect(signals).toEqual([undefined]);
});
