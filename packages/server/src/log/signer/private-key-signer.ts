import { createPublicKey, sign, type KeyObject } from "node:crypto";
import { makeVerifierKey, SIGNATURE_TYPE_ED25519, type NoteSigner, type VerifierKey } from "@stele/proof";

/** Signs with an Ed25519 key that is in this process, at once. */
export function privateKeySigner(origin: string, privateKey: KeyObject): NoteSigner {
  const key = makeVerifierKey(origin, SIGNATURE_TYPE_ED25519, rawPublicKey(createPublicKey(privateKey)));
  return { key, sign: (text) => sign(null, text, privateKey) };
}

/** The 32 bytes of an Ed25519 public key. */
export function rawPublicKey(publicKey: KeyObject): Uint8Array {
  return Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url");
}

export function isSameKey(a: VerifierKey, b: VerifierKey): boolean {
  return a.name === b.name && Buffer.compare(a.publicKey, b.publicKey) === 0;
}
