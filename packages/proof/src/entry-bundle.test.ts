import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  BUNDLE_LENGTH_BYTES_MAX,
  ENTRY_LENGTH_BYTES_MAX,
  formatEntryBundle,
  parseEntryBundle,
} from "./entry-bundle.ts";
import { MalformedError } from "./errors.ts";
import { expectError } from "./testing/expect-error.ts";

test("the bytes of a bundle", () => {
  const entries = [Uint8Array.of(1, 2, 3), new Uint8Array(0), new Uint8Array(258).fill(7)];
  const bundle = formatEntryBundle(entries);
  expect(bundle.slice(0, 9)).toEqual(Uint8Array.of(0, 3, 1, 2, 3, 0, 0, 1, 2));
  expect(bundle).toHaveLength(2 + 3 + 2 + 2 + 258);
  expect(parseEntryBundle(bundle, 3)).toEqual(entries);
});

test("bundles survive both ways", () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 600 }), { minLength: 1, maxLength: 256 });
  fc.assert(
    fc.property(entries, (list) => {
      const bundle = formatEntryBundle(list);
      expect(parseEntryBundle(bundle, list.length)).toEqual(list);
      const other = list.length === 256 ? 255 : list.length + 1;
      expectError(MalformedError, "bundle_malformed", () => parseEntryBundle(bundle, other));
    }),
    { numRuns: 30 },
  );
});

test("the largest bundle", () => {
  const entry = new Uint8Array(ENTRY_LENGTH_BYTES_MAX).fill(1);
  const bundle = formatEntryBundle(Array.from({ length: 256 }, () => entry));
  expect(bundle).toHaveLength(BUNDLE_LENGTH_BYTES_MAX);
  expect(parseEntryBundle(bundle, 256).at(-1)).toEqual(entry);
});

test("cut off anywhere, or with anything behind, it is malformed", () => {
  const bundle = formatEntryBundle([Uint8Array.of(1, 2, 3), Uint8Array.of(4), new Uint8Array(0)]);
  for (let length = 0; length < bundle.length; length++) {
    expectError(MalformedError, "bundle_malformed", () => parseEntryBundle(bundle.slice(0, length), 3));
  }
  expectError(MalformedError, "bundle_malformed", () => parseEntryBundle(new Uint8Array([...bundle, 0]), 3));
  expectError(MalformedError, "bundle_malformed", () =>
    parseEntryBundle(new Uint8Array([...bundle, 0, 0]), 3),
  );
});

test("checks counts and lengths", () => {
  expectError(MalformedError, "bundle_malformed", () => formatEntryBundle([]));
  const many = Array.from({ length: 257 }, () => new Uint8Array(0));
  expectError(MalformedError, "bundle_malformed", () => formatEntryBundle(many));
  expectError(MalformedError, "entry_too_long", () => formatEntryBundle([new Uint8Array(65_536)]));
  for (const width of [0, 257, 1.5]) {
    expectError(MalformedError, "integer_out_of_range", () => parseEntryBundle(new Uint8Array(0), width));
  }
});
