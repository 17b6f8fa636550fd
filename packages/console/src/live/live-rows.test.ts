import { expect, test } from "vitest";
import type { LiveEvent } from "./live-event.ts";
import { LiveRows } from "./live-rows.ts";

const shown = { occurredAt: "", receivedAt: "", outcome: "", actor: "", action: "", targets: "" };
const at = (index: number): LiveEvent => ({ index, ...shown });
const indexes = (rows: LiveRows) => rows.view().rows.map(({ index }) => index);

function take(rows: LiveRows, from: number, to: number): void {
  for (let index = from; index < to; index++) rows.take(at(index));
}

test("keeps the newest, and counts what made room", () => {
  const rows = new LiveRows(true, 10);
  for (let size = 1; size <= 100; size++) {
    rows.take(at(size - 1));
    expect(indexes(rows)).toEqual(
      Array.from({ length: Math.min(10, size) }, (_, i) => Math.max(0, size - 10) + i),
    );
    expect(rows.view().dropped).toBe(Math.max(0, size - 10));
  }
  expect(rows.view()).toMatchObject({ firstDropped: { index: 0 }, breaks: [] });
});

test("while it is held nothing moves, and what comes waits up to a bound", () => {
  const rows = new LiveRows(true, 10);
  take(rows, 0, 3);
  rows.hold();
  take(rows, 3, 12);
  expect(rows.isFull).toBe(false);
  take(rows, 12, 13);
  expect(rows.isFull).toBe(true);
  expect(indexes(rows)).toEqual([0, 1, 2]);
  expect(rows.view()).toMatchObject({ held: true, waiting: 10 });
  rows.release();
  expect(rows.isFull).toBe(false);
  expect(indexes(rows)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(rows.view()).toMatchObject({ held: false, waiting: 0, dropped: 3, firstDropped: { index: 0 } });
});

test("what is missing or comes twice is found", () => {
  const rows = new LiveRows(true, 10);
  take(rows, 5, 8);
  rows.take(at(6));
  rows.take(at(11));
  expect(indexes(rows)).toEqual([5, 6, 7, 11]);
  expect(rows.view().breaks).toEqual([
    { kind: "repeated", first: 6, last: 6 },
    { kind: "missing", first: 8, last: 10 },
  ]);
  rows.clear();
  expect(rows.view()).toMatchObject({ rows: [], dropped: 0 });
  expect(rows.view().breaks).toHaveLength(2);
  rows.take(at(12));
  expect(rows.view().breaks).toHaveLength(2);
});

test("a filter leaves indexes out, and none comes twice", () => {
  const rows = new LiveRows(false, 10);
  for (const index of [3, 8, 8]) rows.take(at(index));
  expect(rows.view().breaks).toEqual([{ kind: "repeated", first: 8, last: 8 }]);
});
