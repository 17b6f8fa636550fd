import * as fc from "fast-check";
import { expect, test } from "vitest";
import { MalformedError } from "./errors.ts";
import { expectError } from "./testing/expect-error.ts";
import { decodeUtf8, encodeUtf8, hasControlCharacter } from "./utf8.ts";

// Most of the byte strings below are errors, and a stack trace costs more than the decoding.
Error.stackTraceLimit = 0;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

test("encodes and decodes as the platform does", () => {
  const point = fc.oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0x80, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  );
  const anyString = fc.array(point).map((points) => String.fromCodePoint(...points));
  fc.assert(
    fc.property(anyString, (text) => {
      const bytes = encodeUtf8(text);
      expect(bytes).toEqual(new TextEncoder().encode(text));
      expect(decodeUtf8(bytes)).toBe(text);
    }),
  );
  expect(decodeUtf8(encodeUtf8("\ufeff\u0000\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}"))).toBe(
    "\ufeff\u0000\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}",
  );
});

function decodeOr<T>(decode: (bytes: Uint8Array) => string, bytes: Uint8Array, otherwise: T): string | T {
  try {
    return decode(bytes);
  } catch {
    return otherwise;
  }
}

test("accepts and rejects the bytes that the platform accepts and rejects", () => {
  const interesting = [0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0];
  interesting.push(0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff);
  const disagreements: Uint8Array[] = [];
  const compare = (bytes: Uint8Array) => {
    const expected = decodeOr((b) => strict.decode(b), bytes, undefined);
    if (decodeOr(decodeUtf8, bytes, undefined) !== expected) disagreements.push(bytes);
  };
  for (const a of interesting) {
    for (const b of interesting) {
      compare(Uint8Array.of(a, b));
      for (const c of interesting) {
        compare(Uint8Array.of(a, b, c));
        if (a >= 0xf0 && a <= 0xf5) {
          for (const d of [0x7f, 0x80, 0xbf, 0xc0]) compare(Uint8Array.of(a, b, c, d));
        }
      }
    }
  }
  expect(disagreements).toEqual([]);
  expectError(MalformedError, "utf8_malformed", () => decodeUtf8(Uint8Array.of(0x41, 0xff)));
});

test("rejects half a surrogate pair", () => {
  expectError(MalformedError, "utf8_malformed", () => encodeUtf8("a\ud800b"));
});

test("finds control characters", () => {
  expect(hasControlCharacter("a\nb")).toBe(true);
  expect(hasControlCharacter("\u001f")).toBe(true);
  expect(hasControlCharacter(" ~\u007f\u0085—")).toBe(false);
});
