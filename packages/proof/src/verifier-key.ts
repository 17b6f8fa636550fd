import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { MalformedError } from "./errors.ts";
import { encodeUtf8, hasControlCharacter } from "./utf8.ts";

/** Signature types of c2sp.org/signed-note that this package can verify. */
export const SIGNATURE_TYPE_ED25519 = 0x01;
export const SIGNATURE_TYPE_COSIGNATURE = 0x04;

export type SignatureType = typeof SIGNATURE_TYPE_ED25519 | typeof SIGNATURE_TYPE_COSIGNATURE;

/** A public key, the name that it signs under, and what its signatures mean. */
export interface VerifierKey {
  /** Not empty, without white space and `+`. For a log: its origin. */
  readonly name: string;
  /** An unsigned 32-bit integer, which only serves to find the right key; see {@link keyId}. */
  readonly keyId: number;
  readonly type: SignatureType;
  /** 32 bytes, as RFC 8032 encodes them. */
  readonly publicKey: Uint8Array;
}

/**
 * Ed25519 of RFC 8032: whether `signature` (64 bytes) is one of `message` by `publicKey`. The default is
 * {@link ed25519Verify}; Node's native one is some ten times as fast.
 */
export type Ed25519Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/*
 * Of multiples of the base point, a table for windows of 4 bits in place of 8: a browser checks a few signatures each time, and making the
 * larger table takes as long as some ten of them.
 */
ed25519.Point.BASE.precompute(4);

/** Ed25519 in plain JavaScript (@noble/curves), strict: no small-order keys, canonical encodings only. */
export const ed25519Verify: Ed25519Verify = (publicKey, message, signature) =>
  signature.length === 64 && ed25519.verify(signature, message, publicKey, { zip215: false });

/**
 * The key ID: the first four bytes of SHA-256(name ‖ LF ‖ type ‖ public key), big-endian.
 * c2sp.org/signed-note, "Signatures"; c2sp.org/tlog-cosignature, "Format".
 */
export function keyId(name: string, type: SignatureType, publicKey: Uint8Array): number {
  const digest = sha256
    .create()
    .update(encodeUtf8(`${name}\n`))
    .update(Uint8Array.of(type))
    .update(publicKey)
    .digest();
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0);
}

/** @throws MalformedError `key_malformed` if the name or the length of the key is not allowed */
export function makeVerifierKey(name: string, type: SignatureType, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) {
    throw new MalformedError("key_malformed", `${JSON.stringify(name.slice(0, 60))} can't name a key`);
  }
  if (publicKey.length !== 32) {
    throw new MalformedError("key_malformed", `An Ed25519 key has 32 bytes, not ${publicKey.length}`);
  }
  return { name, keyId: keyId(name, type, publicKey), type, publicKey };
}

/** The text form, or vkey: `<name>+<key ID, 8 hex digits>+<base64 of type ‖ public key>`. */
export function formatVerifierKey(key: VerifierKey): string {
  return `${key.name}+${formatKeyId(key.keyId)}+${encodeBase64(Uint8Array.of(key.type, ...key.publicKey))}`;
}

const VKEY_LENGTH_MAX = 1024;

/**
 * Parses a vkey of type 0x01 (Ed25519) or 0x04 (Ed25519 cosignature). c2sp.org/signed-note, "Verifier keys".
 * Where the text came from decides whether the key is trusted.
 *
 * @throws MalformedError `key_malformed`, `base64_malformed`, `key_id_mismatch`
 */
export function parseVerifierKey(vkey: string): VerifierKey {
  const shown = JSON.stringify(vkey.slice(0, 120));
  const match = vkey.length <= VKEY_LENGTH_MAX ? /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey) : null;
  if (!match) throw new MalformedError("key_malformed", `${shown} is not <name>+<key ID>+<base64 key>`);
  const [, name, id, base64] = match;
  const material = decodeBase64(base64!);
  const type = material[0];
  if (type !== SIGNATURE_TYPE_ED25519 && type !== SIGNATURE_TYPE_COSIGNATURE) {
    throw new MalformedError("key_malformed", `${shown} is of type ${type}; only types 1 and 4 are known`);
  }
  const key = makeVerifierKey(name!, type, material.slice(1));
  if (formatVerifierKey(key) !== vkey) {
    throw new MalformedError(
      "key_id_mismatch",
      `${shown} should have key ID ${formatKeyId(key.keyId)}, not ${id}`,
    );
  }
  return key;
}

/** The eight hex digits that people see of a key ID. */
export function formatKeyId(id: number): string {
  return id.toString(16).padStart(8, "0");
}

/** Not empty, no Unicode white space or ASCII control characters, no `+`. c2sp.org/signed-note, "Format". */
export function isKeyName(name: string): boolean {
  return (
    name !== "" && name.isWellFormed() && !/[\p{White_Space}+]/u.test(name) && !hasControlCharacter(name)
  );
}
