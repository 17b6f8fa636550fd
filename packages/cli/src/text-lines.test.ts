import * as fc from "fast-check";
import { expect, test } from "vitest";
import { textLines } from "./text-lines.ts";

async function read(bytes: Uint8Array, cuts: readonly number[] = [], lengthBytesMax?: number) {
  async function* pieces() {
    let begin = 0;
    for (const end of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
      yield bytes.subarray(begin, end);
      begin = end;
    }
  }
  const lines: [number, string][] = [];
  for await (const { number, text } of textLines(pieces(), "f", lengthBytesMax)) lines.push([number, text]);
  return lines;
}

test("lines, numbered as an editor does, empty ones left out, wherever the bytes are cut", async () => {
  const bytes = Buffer.from("one\n\n  two\r\n山\n \nlast");
  const lines = [
    [1, "one"],
    [3, "two"],
    [4, "山"],
    [6, "last"],
  ];
  expect(await read(bytes)).toEqual(lines);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: bytes.length })), async (cuts) => {
      expect(await read(bytes, cuts)).toEqual(lines);
    }),
  );
});

test("says which line is too long, or not UTF-8", async () => {
  await expect(read(Buffer.from(`ok\n${"x".repeat(50)}`), [], 20)).rejects.toMatchObject({
    code: "line_too_long",
    message: expect.stringContaining("line 2"),
  });
  await expect(read(Buffer.from("ok\n\nb\xffd\n", "latin1"))).rejects.toMatchObject({
    code: "line_not_utf8",
    message: expect.stringContaining("line 3"),
  });
});
