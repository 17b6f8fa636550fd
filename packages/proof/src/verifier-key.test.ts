import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { expect, test } from "vitest";
import vectors from "../vectors/notes.json" with { type: "json" };
import { MalformedError, SteleError } from "./errors.ts";
import { expectError } from "./testing/expect-error.ts";
import { testSigner } from "./testing/test-log.ts";
import {
  ed25519Verify,
  formatKeyId,
  formatVerifierKey,
  keyId,
  makeVerifierKey,
  parseVerifierKey,
  type Ed25519Verify,
} from "./verifier-key.ts";

test("golden keys survive both ways", () => {
  for (const vkey of vectors.keys) {
    const key = parseVerifierKey(vkey);
    expect(formatVerifierKey(key)).toBe(vkey);
    expect(keyId(key.name, key.type, key.publicKey)).toBe(key.keyId);
    expect(makeVerifierKey(key.name, key.type, key.publicKey)).toEqual(key);
  }
});

test("the key of c2sp.org/signed-note", () => {
  const key = parseVerifierKey("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
  expect(key).toMatchObject({ name: "example.com/foo", keyId: 0x530d903a, type: 1 });
  expect(key.publicKey).toHaveLength(32);
});

test("golden malformed keys", () => {
  for (const { key, code } of vectors.malformedKeys) {
    let thrown: unknown;
    try {
      parseVerifierKey(key);
    } catch (error) {
      thrown = error;
    }
    expect(thrown, key).toBeInstanceOf(MalformedError);
    expect(code.split("|"), key).toContain(thrown instanceof SteleError ? thrown.code : "");
  }
});

test("names and keys that can't be", () => {
  const { publicKey } = testSigner("a", 1).key;
  for (const name of ["", "a b", "a+b", "a\nb", "a\u0000b", "a\u0085b", "a\u2028b", "\ud800"]) {
    expectError(MalformedError, "key_malformed", () => makeVerifierKey(name, 1, publicKey));
  }
  expectError(MalformedError, "key_malformed", () => makeVerifierKey("a", 1, publicKey.slice(1)));
});

test("the same key has another ID for another type or name", () => {
  const { publicKey } = testSigner("a", 1).key;
  expect(new Set([keyId("a", 1, publicKey), keyId("a", 4, publicKey), keyId("b", 1, publicKey)]).size).toBe(
    3,
  );
});

test("key IDs have eight digits", () => {
  expect(formatKeyId(0x0a)).toBe("0000000a");
  expect(formatKeyId(0xffffffff)).toBe("ffffffff");
});

const nativeEd25519: Ed25519Verify = (publicKey, message, signature) => {
  const x = Buffer.from(publicKey).toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return verify(null, message, key, signature);
};

test("the default Ed25519 and Node's agree on right and wrong signatures", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = new Uint8Array(Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url"));
  const message = Buffer.from("a message");
  const signature = new Uint8Array(sign(null, message, privateKey));
  for (const check of [ed25519Verify, nativeEd25519]) {
    expect(check(raw, message, signature)).toBe(true);
    for (let at = 0; at < 64; at++) {
      expect(check(raw, message, signature.with(at, signature[at]! ^ 1))).toBe(false);
    }
    expect(check(raw, Buffer.from("another message"), signature)).toBe(false);
    expect(check(raw, message, signature.slice(1))).toBe(false);
    expect(check(raw, message, new Uint8Array(65))).toBe(false);
  }
});

test("a key of small order verifies nothing", () => {
  const identity = new Uint8Array(32).fill(1, 0, 1);
  const signature = new Uint8Array(64).fill(1, 0, 1);
  expect(ed25519Verify(identity, new Uint8Array(0), signature)).toBe(false);
  expect(ed25519Verify(new Uint8Array(32).fill(255), new Uint8Array(0), signature)).toBe(false);
});
