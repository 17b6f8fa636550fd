import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { MalformedError } from "./errors.ts";
import { expectError } from "./testing/expect-error.ts";

test("RFC 4648 section 10", () => {
  const vectors = {
    "": "",
    f: "Zg==",
    fo: "Zm8=",
    foo: "Zm9v",
    foob: "Zm9vYg==",
    fooba: "Zm9vYmE=",
    foobar: "Zm9vYmFy",
  };
  for (const [text, base64] of Object.entries(vectors)) {
    expect(encodeBase64(Buffer.from(text))).toBe(base64);
    expect(Buffer.from(decodeBase64(base64)).toString()).toBe(text);
  }
});

test("agrees with the platform", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = Buffer.from(bytes).toString("base64");
      expect(encodeBase64(bytes)).toBe(text);
      expect(decodeBase64(text)).toEqual(bytes);
    }),
  );
});

test("accepts one text for each byte string", () => {
  for (const text of [
    "Zg",
    "Zg=",
    "Zh==",
    "Zm9=",
    "Zm8==",
    "Z===",
    "====",
    "=",
    "Zm 9",
    "Zm9v\n",
    "Zm9_",
    "Zm-v",
    "é===",
  ]) {
    expectError(MalformedError, "base64_malformed", () => decodeBase64(text));
  }
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("A", "Q", "g", "w", "/", "+", "=", "9"), maxLength: 12 }),
      (text) => {
        let bytes: Uint8Array;
        try {
          bytes = decodeBase64(text);
        } catch {
          return;
        }
        expect(encodeBase64(bytes)).toBe(text);
      },
    ),
    { numRuns: 2000 },
  );
});
