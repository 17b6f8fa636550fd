import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jsonRecords } from "./json-records.ts";

async function* inPieces(text: string | Uint8Array, cuts: readonly number[] = []) {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  let begin = 0;
  for (const end of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(begin, Math.min(end, bytes.length));
    begin = Math.min(end, bytes.length);
  }
}

async function read(text: string | Uint8Array, cuts?: readonly number[]): Promise<string[]> {
  const records: string[] = [];
  for await (const { text: record, number } of jsonRecords(inPieces(text, cuts), "f")) {
    records.push(record);
    expect(number).toBe(records.length);
  }
  return records;
}

const RECORDS = ['{"a":"}]\\"{"}', '{"Records":"not these","b":[{"c":[1,{}]}]}', "{}", '{"é":"山\\\\"}'];

test.each([
  ["a record a line", RECORDS.join("\n")],
  ["records one behind the other", RECORDS.join("")],
  ["an array", `[${RECORDS.join(", ")}]`],
  ["CloudTrail's file", `{"Records":[${RECORDS.join(",")}]}`],
  [
    "with white space, and more in the object",
    ` {\n "Records" : [\n${RECORDS.join(",\n")} ], "x": {"y": [{}]} }\n`,
  ],
  [
    "several of these",
    `{"Records":[${RECORDS.slice(0, 2).join(",")}]}\n{"Records":[${RECORDS.slice(2).join(",")}]}`,
  ],
])("%s, wherever the bytes are cut", async (_, text) => {
  expect(await read(text)).toEqual(RECORDS);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: text.length + 9 }), { maxLength: 12 }), async (cuts) => {
      expect(await read(text, cuts)).toEqual(RECORDS);
    }),
  );
});

test("nothing gives nothing", async () => {
  for (const text of ["", " \n", "[]", '{"Records":[]}']) expect(await read(text)).toEqual([]);
});

test.each([
  ['{"a":1}\n{"a":', "record 2 is cut off"],
  ['{"Records":[{"a":1}', "record 2 is cut off"],
  ['{"a":"', "record 1 is cut off"],
  ['[{"a":1},2]', "record 2 is not an object"],
  ['["a"]', "record 1 is not an object"],
  ["[[]]", "record 1 is not an object"],
  ["hello", "record 1 is not an object"],
  ['{"a":1}}', "record 2 follows a bracket too many"],
])("%s: %s", async (text, message) => {
  await expect(read(text)).rejects.toMatchObject({
    code: "records_malformed",
    message: expect.stringContaining(message),
  });
});

test("bytes that are not UTF-8 are an error, and so is a record without end", async () => {
  await expect(read(Buffer.from('{"a":"\xff"}', "latin1"))).rejects.toMatchObject({
    code: "records_malformed",
  });
  await expect(read(`{"a":"${"x".repeat(5 << 20)}`)).rejects.toMatchObject({ code: "records_malformed" });
});
