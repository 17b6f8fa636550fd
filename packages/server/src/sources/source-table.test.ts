import * as fc from "fast-check";
import { expect, it } from "vitest";
import { EventRejectedError } from "../event/errors.ts";
import { DEFAULT_EVENT_LIMITS } from "../event/limits.ts";
import { EventNormalizer } from "../event/normalizer.ts";
import { sourceOfEntry, sourcesOfLines } from "./entry-source.ts";
import { RANGES_MAX, type SourceEntry } from "./source-state.ts";
import { SourceTable } from "./source-table.ts";

interface Seen {
  readonly id: string;
  readonly seq: number | undefined;
}

const seen: fc.Arbitrary<Seen> = fc.record({
  id: fc.constantFrom("a", "b", "c"),
  seq: fc.option(fc.nat(30), { nil: undefined, freq: 10 }),
});

const at = ({ id, seq }: Seen, index: number): SourceEntry => ({
  index,
  id,
  seq,
  receivedMs: 1_000 + index,
  heartbeatSeconds: undefined,
});

/** By the definition: sets, and looking through all that came before. */
function naive(entries: readonly Seen[], id: string) {
  const mine = entries.map((entry, index) => ({ ...entry, index })).filter((entry) => entry.id === id);
  const seqs = mine.filter(({ seq }) => seq !== undefined).map(({ seq }) => seq!);
  const present = new Set(seqs);
  const least = Math.min(...present);
  const greatest = Math.max(...present);
  let watermark = least;
  while (present.has(watermark + 1)) watermark++;
  const gaps: { from: number; to: number; sinceMs: number }[] = [];
  for (let seq = watermark + 1; seq <= greatest; seq++) {
    if (present.has(seq)) continue;
    const from = seq;
    while (!present.has(seq + 1)) seq++;
    gaps.push({ from, to: seq, sinceMs: firstShown(mine, from) });
  }
  const duplicates = mine.filter(
    ({ seq, index }) => seq !== undefined && mine.some((other) => other.seq === seq && other.index < index),
  );
  return {
    entries: mine.length,
    firstSeq: seqs.length === 0 ? undefined : least,
    watermark: seqs.length === 0 ? undefined : watermark,
    gaps,
    missing: gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0),
    duplicates: duplicates.length,
    duplicateIndexes: duplicates.slice(0, 5).map(({ index }) => index),
    firstIndex: mine[0]!.index,
    lastIndex: mine.at(-1)!.index,
  };
}

/** From when on there was something on both sides of a seq that is missing. */
function firstShown(
  mine: readonly { readonly seq: number | undefined; readonly index: number }[],
  seq: number,
) {
  const below = mine.find((entry) => entry.seq !== undefined && entry.seq < seq)!.index;
  const above = mine.find((entry) => entry.seq !== undefined && entry.seq > seq)!.index;
  return 1_000 + Math.max(below, above);
}

it("is what the definition says, in any order, and over restarts", () => {
  fc.assert(
    fc.property(fc.array(seen, { maxLength: 80 }), fc.nat(80), (entries, restart) => {
      let table = new SourceTable();
      for (const [index, entry] of entries.entries()) {
        table.add(at(entry, index));
        table.size = index + 1;
        if (index === restart) table = SourceTable.fromJson(JSON.parse(JSON.stringify(table.toJson())));
      }
      const ids = [...new Set(entries.map(({ id }) => id))].toSorted();
      expect(table.page(undefined, 10).map(({ id }) => id)).toEqual(ids);
      for (const id of ids) {
        const source = table.get(id)!;
        const { gaps, ...rest } = naive(entries, id);
        expect(source.gaps()).toEqual(gaps);
        expect(source).toMatchObject(rest);
        expect(source.oldestGapMs).toBe(
          gaps.length === 0 ? undefined : Math.min(...gaps.map(({ sinceMs }) => sinceMs)),
        );
      }
    }),
    { numRuns: 300 },
  );
});

it("takes bounded memory, and says what it left out", () => {
  const table = new SourceTable({ sourcesMax: 3, rangesMax: 10 });
  for (let i = 0; i < 100; i++) table.add(at({ id: `s${i}`, seq: 1 }, i));
  expect([table.count, table.unfollowed, table.isTruncated]).toEqual([3, 97, true]);
  for (let i = 0; i < 100; i++) table.add(at({ id: "s0", seq: 10 * i + 10 }, 100 + i));
  expect(table.get("s0")).toMatchObject({ gapCount: 10, unplaced: 90 });
  const wide = new SourceTable();
  for (let i = 0; i < 2 * RANGES_MAX; i++) wide.add(at({ id: "s", seq: Number.MAX_SAFE_INTEGER - 2 * i }, i));
  expect(wide.get("s")).toMatchObject({ rangeCount: RANGES_MAX, unplaced: RANGES_MAX });
});

it("pages by id", () => {
  const table = new SourceTable();
  for (const [index, id] of ["b", "a", "d", "c"].entries()) table.add(at({ id, seq: 0 }, index));
  expect(table.page("a", 2).map(({ id }) => id)).toEqual(["b", "c"]);
  expect(table.page("d", 2)).toEqual([]);
});

it("reads sources out of entries as JSON.parse would, and nothing that only looks like one", () => {
  const id = fc.oneof(
    fc.constantFrom("a", 'q"', "ü", "back\\slash"),
    fc.string({ minLength: 1, maxLength: 20 }),
  );
  const source = fc.record({ id, seq: fc.option(fc.maxSafeNat(), { nil: undefined }) });
  const event = fc.record(
    {
      action: fc.constantFrom("a.b", "stele.source.declared"),
      actor: fc.constantFrom<object>({ id: "x" }, { id: "x", source: { id: "not", seq: 1 } }),
      source: fc.option(source, { nil: undefined }),
      metadata: fc.constantFrom<object | undefined>(
        undefined,
        { a: 1, source: { id: "no", seq: 7 } },
        { heartbeat_seconds: 60, source: { id: "no" }, metadata: {} },
        { heartbeat_seconds: null },
        { heartbeat_seconds: "60" },
      ),
    },
    { requiredKeys: ["action", "actor"] },
  );
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 5 }), (events) => {
      const text = JSON.stringify(events);
      const lines = linesOf(text);
      if (!lines) return;
      const entries = Buffer.from(lines).toString().trimEnd().split("\n");
      const expected = entries.flatMap((line, index) => {
        const entry = JSON.parse(line) as {
          received_at: string;
          action: string;
          source?: { id: string; seq?: number };
          metadata?: { heartbeat_seconds?: unknown };
        };
        if (!entry.source) return [];
        const { action, metadata, received_at } = entry;
        const value = metadata?.heartbeat_seconds ?? 0;
        const heartbeatSeconds =
          action === "stele.source.declared" && typeof value === "number" ? value : undefined;
        const { seq } = entry.source;
        return [
          {
            index: index + 7,
            id: entry.source.id,
            seq,
            receivedMs: Date.parse(received_at),
            heartbeatSeconds,
          },
        ];
      });
      expect([...sourcesOfLines(lines, 7)]).toEqual(expected);
      const single = entries.map((entry, index) => sourceOfEntry(Buffer.from(entry), index + 7));
      expect(single.filter((entry) => entry !== undefined)).toEqual(expected);
    }),
  );
});

const normalizer = new EventNormalizer({
  limits: DEFAULT_EVENT_LIMITS,
  idHashSeed: { k0: 1, k1: 2 },
  fillRandom: (bytes) => void crypto.getRandomValues(bytes),
});

/** The entries of events; undefined if one is refused. */
function linesOf(events: string): Uint8Array | undefined {
  try {
    return normalizer.normalize(Buffer.from(events), "json", "2026-11-21T10:00:00.000Z").bytes;
  } catch (error) {
    if (error instanceof EventRejectedError) return undefined;
    throw error;
  }
}
