import { expect, it } from "vitest";
import { IdTable, IdWindow } from "./id-window.ts";

it("has room for what it is told again and again, as after each attempt to read a segment", () => {
  const table = new IdTable(100, 8);
  const found: number[] = [];
  for (let again = 0; again < 3; again++) {
    // Once more than it has room for if it kept each.
    for (let i = 0; i < 5; i++) table.add(i, 7 * i, 100 + i);
    found.length = 0;
    table.find(4, 28, found);
    expect(found).toEqual([104]);
  }
});

it("tells entries with the same hash apart", () => {
  const window = new IdWindow();
  for (const index of [5, 6, 5]) window.add(1, 2, index);
  const found: number[] = [];
  window.find(1, 2, found);
  expect(found).toEqual([5, 6]);
});
