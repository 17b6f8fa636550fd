import * as fc from "fast-check";
import { expect, test } from "vitest";
import { MalformedError } from "./errors.ts";
import { checkInteger, formatDecimal, parseDecimal } from "./integer.ts";
import { expectError } from "./testing/expect-error.ts";

test("decimals survive both ways", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      expect(parseDecimal("n", formatDecimal("n", value))).toBe(value);
    }),
  );
  expect(parseDecimal("n", "9007199254740991")).toBe(Number.MAX_SAFE_INTEGER);
});

test("rejects what is not a canonical decimal up to 2^53-1", () => {
  const wrong = [
    "",
    "00",
    "01",
    "-1",
    "+1",
    " 1",
    "1 ",
    "1\n",
    "1.0",
    "1e3",
    "0x1",
    "１",
    "9007199254740992",
  ];
  for (const text of [...wrong, "18446744073709551615", "9".repeat(400)]) {
    expectError(MalformedError, "decimal_malformed", () => parseDecimal("n", text));
  }
});

test("rejects numbers that are not safe integers inside the range", () => {
  for (const value of [-1, 0.5, Number.NaN, Infinity, 2 ** 53, 11]) {
    expectError(MalformedError, "integer_out_of_range", () => checkInteger("n", value, 0, 10));
  }
  expect(checkInteger("n", 10, 0, 10)).toBe(10);
  expectError(MalformedError, "integer_out_of_range", () => formatDecimal("n", 1e21));
});
