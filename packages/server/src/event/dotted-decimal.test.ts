import { isIPv4 } from "node:net";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isDottedDecimal } from "./dotted-decimal.ts";

test("dotted decimals are known by their bytes", () => {
  const texts = fc.oneof(fc.ipV4(), fc.stringMatching(/^[0-9]{0,4}(\.[0-9]{0,4}){2,4}$/));
  fc.assert(
    fc.property(texts, (text) => {
      expect(isDottedDecimal(Buffer.from(`"${text}"`), 1, 1 + text.length)).toBe(isIPv4(text));
    }),
  );
});
