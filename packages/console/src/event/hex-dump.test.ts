import { expect, test } from "vitest";
import { hexDump } from "./hex-dump.ts";

test("shows sixteen bytes a line, by number and as text", () => {
  const bytes = Uint8Array.from({ length: 18 }, (_, i) => (i < 16 ? 0x41 + i : i));
  expect(hexDump(bytes).split("\n")).toEqual([
    "00000000  41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP",
    "00000010  10 11                                             ..",
  ]);
  expect(hexDump(new Uint8Array())).toBe("");
});
