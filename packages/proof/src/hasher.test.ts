import * as fc from "fast-check";
import { expect, test } from "vitest";
import { MalformedError } from "./errors.ts";
import { checkHash, emptyRoot, equalBytes, leafHash, nodeHash, sha256Hasher, shortHex } from "./hasher.ts";
import { expectError } from "./testing/expect-error.ts";
import { nativeHasher } from "./testing/native-hasher.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("RFC 6962 hashes of nothing", () => {
  expect(hex(emptyRoot())).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(hex(leafHash(new Uint8Array(0)))).toBe(
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  );
});

test("the default hasher and Node's agree", () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), hash, hash, (entry, left, right) => {
      expect(hex(leafHash(entry))).toBe(hex(nativeHasher.leaf(entry)));
      expect(hex(nodeHash(left, right))).toBe(hex(nativeHasher.node(left, right)));
    }),
  );
});

test("an entry can't pass for an interior node", () => {
  const [left, right] = [emptyRoot(), leafHash(new Uint8Array(0))];
  const entry = new Uint8Array([...left, ...right]);
  expect(sha256Hasher.leaf(entry)).not.toEqual(sha256Hasher.node(left, right));
});

test("emptyRoot gives a new array each time", () => {
  emptyRoot().fill(0);
  expect(emptyRoot()[0]).toBe(0xe3);
});

test("equalBytes compares everything", () => {
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
  expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false);
});

test("checkHash wants 32 bytes", () => {
  expect(checkHash("h", emptyRoot())).toEqual(emptyRoot());
  expectError(MalformedError, "hash_malformed", () => checkHash("h", new Uint8Array(31)));
  expectError(MalformedError, "hash_malformed", () => checkHash("h", new Uint8Array(33)));
  expect(shortHex(emptyRoot())).toBe("e3b0c442…");
});
