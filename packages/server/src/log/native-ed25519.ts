import { createPublicKey, verify, type KeyObject } from "node:crypto";
import {
  equalBytes,
  noteVerifier,
  parseVerifierKey,
  type Ed25519Verify,
  type NoteVerifier,
} from "@stele/proof";

const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** Ed25519 (RFC 8032) by Node's OpenSSL: some ten times as fast as the portable one. Keeps the key that it parsed. */
export function nativeEd25519(): Ed25519Verify {
  let parsed: { readonly publicKey: Uint8Array; readonly key: KeyObject } | undefined;
  return (publicKey, message, signature) => {
    if (!parsed || !equalBytes(parsed.publicKey, publicKey)) {
      const der = Buffer.concat([SPKI_PREFIX, publicKey]);
      parsed = { publicKey, key: createPublicKey({ key: der, format: "der", type: "spki" }) };
    }
    return verify(null, message, parsed.key, signature);
  };
}

/** The verifier of a log's notes, from its vkey. @throws MalformedError `key_malformed` */
export function logVerifier(vkey: string): NoteVerifier {
  return noteVerifier(parseVerifierKey(vkey), nativeEd25519());
}
