import type { LogEntry } from "@stele/client";
import { expect, test, vi } from "vitest";
import { RowWindows } from "./row-windows.ts";

const row = (index: number) => ({ index }) as LogEntry;

/** Windows of ten rows; row `n` is entry `1000 - n`. Each load waits to be let go on. */
function windows({ windowsMax = 3, loadsMax = 2 } = {}) {
  const loads: { offset: number; signal: AbortSignal; done: (error?: Error) => void }[] = [];
  const rows = new RowWindows({
    rowsPerWindow: 10,
    windowsMax,
    loadsMax,
    load: async (offset, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly LogEntry[]>();
      const all = Array.from({ length: 10 }, (_, i) => row(1000 - offset - i));
      loads.push({ offset, signal, done: (error) => (error ? reject(error) : resolve(all)) });
      signal.addEventListener("abort", () => reject(signal.reason));
      return await promise;
    },
  });
  return { rows, loads };
}

test("what is in view is loaded, window by window, so many at a time", async () => {
  const { rows, loads } = windows();
  const heard = vi.fn<() => void>();
  rows.subscribe(heard);
  rows.want(5, 25);
  expect(loads.map(({ offset }) => offset)).toEqual([0, 10]);
  expect(rows.row(5)).toBeUndefined();
  loads[0]!.done();
  await vi.waitFor(() => expect(loads).toHaveLength(3));
  expect(rows.row(5)?.index).toBe(995);
  expect(rows.find(995)).toBe(5);
  expect(rows.find(985)).toBeUndefined();
  expect([heard.mock.calls.length, rows.version]).toEqual([1, 1]);
});

test("loads of what left the view are ended, and their place is taken", async () => {
  const { rows, loads } = windows();
  rows.want(0, 19);
  rows.want(500, 509);
  expect(loads.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  await vi.waitFor(() => expect(loads.map(({ offset }) => offset)).toEqual([0, 10, 500]));
  loads[2]!.done();
  await vi.waitFor(() => expect(rows.row(500)?.index).toBe(500));
  expect(rows.error).toBeUndefined();
});

test("what was not seen for longest is dropped, never what is in view", async () => {
  const { rows, loads } = windows({ windowsMax: 2 });
  for (const first of [0, 10, 0, 20]) {
    rows.want(first, first);
    loads.at(-1)!.done();
    await vi.waitFor(() => expect(rows.row(first)).toBeDefined());
  }
  expect([0, 10, 20].map((index) => rows.row(index) !== undefined)).toEqual([true, false, true]);
  rows.want(0, 29);
  loads.at(-1)!.done();
  await vi.waitFor(() => expect(rows.row(10)).toBeDefined());
  expect([0, 10, 20].every((index) => rows.row(index))).toBe(true);
});

test("rows that are known are not loaded", () => {
  const { rows, loads } = windows();
  rows.seed(0, [row(7)]);
  rows.want(0, 9);
  expect([loads.length, rows.row(0)?.index, rows.row(1)]).toEqual([0, 7, undefined]);
});

test("an error stands until somebody tries again", async () => {
  const { rows, loads } = windows();
  rows.want(0, 0);
  loads[0]!.done(new Error("no connection"));
  await vi.waitFor(() => expect(rows.error).toBeInstanceOf(Error));
  rows.want(10, 10);
  expect(loads).toHaveLength(1);
  rows.retry();
  loads[1]!.done();
  await vi.waitFor(() => expect(rows.row(10)).toBeDefined());
  expect(rows.error).toBeUndefined();
});
