import { createPublicKey, verify, type KeyObject } from "node:crypto";
import { noteVerifier, parseVerifierKey, type NoteVerifier } from "@stele/proof";

/** A verifier of a log's signatures on Node's native Ed25519, some ten times as fast as plain JavaScript. */
export function nativeLogVerifier(vkey: string): NoteVerifier {
  const key = parseVerifierKey(vkey);
  const x = Buffer.from(key.publicKey).toString("base64url");
  const publicKey: KeyObject = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return noteVerifier(key, (_, message, signature) => verify(null, message, publicKey, signature));
}
