import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EntryBatch } from "../event/entry-batch.ts";
import { hashId } from "../event/id-hash.ts";
import { IdWindow, GENERATION_ENTRIES } from "./id-window.ts";
import { hashLines, nativeHasher } from "./native-hasher.ts";
import { placeEvents } from "./placement.ts";

/** As the normaliser makes it. `bits` of the id hash are kept: few make collisions certain. */
function batchOf(ids: readonly string[], bits: number): EntryBatch {
  const lines = ids.map((id) => `{"v":1,"id":"${id}","action":"a"}\n`);
  const bytes = new Uint8Array(Buffer.from(lines.join("")));
  const ends = new Uint32Array(ids.length);
  const idStarts = new Uint32Array(ids.length);
  const idHashes = new Uint32Array(2 * ids.length);
  for (let i = 0, end = 0; i < ids.length; i++) {
    idStarts[i] = end + 13;
    ends[i] = end += lines[i]!.length;
    hashId(bytes, idStarts[i]!, ids[i]!.length, { k0: 1, k1: 2 }, idHashes, 2 * i);
    idHashes[2 * i] = 0;
    idHashes[2 * i + 1]! &= 2 ** bits - 1;
  }
  return {
    count: ids.length,
    bytes,
    ends,
    leafHashes: new Uint8Array(hashLines(bytes)),
    idStarts,
    idLengths: Uint8Array.from(ids, (id) => id.length),
    idHashes,
  };
}

describe("placeEvents", () => {
  it("gives each id one leaf, the first one, whatever collides", async () => {
    const id = fc.integer({ min: 0, max: 25 }).map((n) => `id-${n}`);
    const commit = fc.array(fc.array(id, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(commit, { maxLength: 5 }), async (commits) => {
        const window = new IdWindow();
        const log: string[] = [];
        const firstIndex = new Map<string, number>();
        for (const ids of commits) {
          const batches = ids.map((each) => batchOf(each, 2));
          const placement = await placeEvents(batches, log.length, window, async (from, to) =>
            log.slice(from, to).map((entry) => Buffer.from(entry)),
          );
          const start = log.length;
          log.push(...Buffer.concat(placement.lines).toString().split("\n").slice(0, -1));
          expect(log.length - start).toBe(placement.newCount);
          expect(Buffer.concat(placement.leafHashes)).toEqual(
            Buffer.concat(log.slice(start).map((entry) => nativeHasher.leaf(Buffer.from(entry)))),
          );
          let number = 0;
          for (const [b, each] of ids.entries()) {
            for (const [i, one] of each.entries()) {
              const index = placement.indexes[number]!;
              expect(index).toBe(firstIndex.get(one) ?? index);
              expect(placement.duplicates.has(number)).toBe(firstIndex.has(one));
              expect(log[index]).toContain(`"id":"${one}"`);
              if (firstIndex.has(one)) {
                expect(Buffer.from(placement.duplicates.get(number)!)).toEqual(
                  nativeHasher.leaf(Buffer.from(log[index]!)),
                );
              } else {
                const { idHashes } = batches[b]!;
                window.add(idHashes[2 * i]!, idHashes[2 * i + 1]!, index);
              }
              firstIndex.set(one, index);
              number++;
            }
          }
        }
        expect(new Set(log.map((entry) => (JSON.parse(entry) as { id: string }).id)).size).toBe(log.length);
      }),
    );
  });
});

describe("IdWindow", () => {
  it("finds what was added, and forgets whole generations", () => {
    const window = new IdWindow();
    const size = 5 * GENERATION_ENTRIES;
    for (let index = 0; index < size; index += 97) window.add(index * 7, index, index);
    const start = IdWindow.start(size - 1);
    expect(start).toBe(GENERATION_ENTRIES);
    for (let index = 0; index < size; index += 97) {
      const found: number[] = [];
      window.find((index * 7) >>> 0, index, found);
      expect(found).toEqual(index < start ? [] : [index]);
    }
  });
});
