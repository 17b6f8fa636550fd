import * as fc from "fast-check";
import { expect, it } from "vitest";
import { MalformedError } from "@stele/proof";
import { Der } from "./der.ts";

const parse = (hex: string) => Der.parse(Buffer.from(hex, "hex"));

it.each([
  ["06092a864886f70d010702", "1.2.840.113549.1.7.2"],
  ["0609608648016503040201", "2.16.840.1.101.3.4.2.1"],
  ["06052b0e03021a", "1.3.14.3.2.26"],
  ["0603883703", "2.999.3"],
  ["060100", "0.0"],
])("reads the OID %s", (hex, oid) => {
  expect(parse(hex).oid()).toBe(oid);
});

it("reads elements inside, of short and long lengths", () => {
  const long = "ab".repeat(300);
  const cursor = parse(`3082013702010504820130${"cd".repeat(4)}${long}`).inside(0x30);
  expect(cursor.next().number()).toBe(5);
  expect(cursor.optional(0x02)).toBeUndefined();
  expect(cursor.next().content(0x04).length).toBe(304);
  cursor.end();
});

it.each([
  ["nothing", ""],
  ["half an element", "30"],
  ["something behind it", "020105020105"],
  ["an indefinite length", "30800000"],
  ["a length that is not in its shortest form", "04810105"],
  ["the same in two bytes", "04820081".padEnd(8 + 2 * 0x81, "0")],
  ["a length of four bytes", "0484000000000"],
  ["content that is not all there", "0405010203"],
  ["a tag of several bytes", "1f8101020000"],
])("refuses %s", (_, hex) => {
  expect(() => parse(hex)).toThrow(MalformedError);
});

it.each(["0600", "060180", "06028001", "06022a86", `0641${"01".repeat(65)}`])("refuses the OID %s", (hex) => {
  expect(() => parse(hex).oid()).toThrow(MalformedError);
});

it("gives each element back as it was, and any bytes give our own error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (content) => {
      const length =
        content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 255];
      const isShortest = content.length < 128 || content.length > 255;
      const bytes = Buffer.from([0x04, ...length, ...content]);
      if (isShortest) {
        expect(Der.parse(bytes).bytes.equals(bytes)).toBe(true);
        expect(Der.parse(bytes).content(0x04).equals(content)).toBe(true);
      }
      try {
        Der.parse(content).inside(0x30).next().oid();
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError);
      }
    }),
  );
});
