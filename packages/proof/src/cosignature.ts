import { MalformedError } from "./errors.ts";
import { checkInteger, formatDecimal } from "./integer.ts";
import type { NoteSignature, NoteVerifier } from "./note.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";
import {
  ed25519Verify,
  parseVerifierKey,
  SIGNATURE_TYPE_COSIGNATURE,
  type Ed25519Verify,
  type VerifierKey,
} from "./verifier-key.ts";

/**
 * A witness says: at this time, the cosigned checkpoint was the largest consistent one that I had seen of its
 * log. c2sp.org/tlog-cosignature (Ed25519, `cosignature/v1`, signature type 0x04).
 */
export interface Cosignature {
  readonly name: string;
  readonly keyId: number;
  /** By the clock of the witness, seconds since 1970. Not compared with any clock here. */
  readonly timestampSeconds: number;
}

/** The content of a cosignature line behind the key ID. */
export interface TimestampedSignature {
  readonly timestampSeconds: number;
  /** 64 bytes over {@link cosignatureMessage}. */
  readonly signature: Uint8Array;
}

const TIMESTAMP_LENGTH_BYTES = 8;
const SIGNATURE_LENGTH_BYTES = 64;

/**
 * The bytes that a witness signs: a header, the time, and the checkpoint's whole note text.
 *
 * @throws MalformedError `integer_out_of_range`, `utf8_malformed`
 */
export function cosignatureMessage(checkpointText: string, timestampSeconds: number): Uint8Array {
  const time = formatDecimal("timestampSeconds", timestampSeconds);
  return encodeUtf8(`cosignature/v1\ntime ${time}\n${checkpointText}`);
}

/** The timestamp as a big-endian 64-bit integer, then the signature. @throws MalformedError `cosignature_malformed`, `integer_out_of_range` */
export function formatTimestampedSignature({
  timestampSeconds,
  signature,
}: TimestampedSignature): Uint8Array {
  if (signature.length !== SIGNATURE_LENGTH_BYTES) throw malformed(signature.length, SIGNATURE_LENGTH_BYTES);
  const bytes = new Uint8Array(TIMESTAMP_LENGTH_BYTES + SIGNATURE_LENGTH_BYTES);
  const timestamp = BigInt(checkInteger("timestampSeconds", timestampSeconds));
  new DataView(bytes.buffer).setBigUint64(0, timestamp);
  bytes.set(signature, TIMESTAMP_LENGTH_BYTES);
  return bytes;
}

/** @throws MalformedError `cosignature_malformed`, `integer_out_of_range` if the time is above 2^53-1 */
export function parseTimestampedSignature(bytes: Uint8Array): TimestampedSignature {
  const length = TIMESTAMP_LENGTH_BYTES + SIGNATURE_LENGTH_BYTES;
  if (bytes.length !== length) throw malformed(bytes.length, length);
  const timestamp = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
  return {
    timestampSeconds: checkInteger("timestampSeconds", timestamp),
    signature: new Uint8Array(bytes.subarray(TIMESTAMP_LENGTH_BYTES)),
  };
}

/**
 * The verifier for the cosignatures of one witness, to be listed among the verifiers of `verifyNote` or as a
 * witness of `verifyCheckpoint`.
 *
 * @param key a vkey of type 0x04, or parsed
 * @throws MalformedError `key_malformed`, `key_id_mismatch`, `base64_malformed`
 */
export function cosignatureVerifier(
  key: VerifierKey | string,
  verify: Ed25519Verify = ed25519Verify,
): NoteVerifier {
  const parsed = typeof key === "string" ? parseVerifierKey(key) : key;
  if (parsed.type !== SIGNATURE_TYPE_COSIGNATURE) {
    throw new MalformedError("key_malformed", `The key of ${parsed.name} is not one for cosignatures`);
  }
  return {
    key: parsed,
    accepts(text, bytes) {
      if (bytes.length !== TIMESTAMP_LENGTH_BYTES + SIGNATURE_LENGTH_BYTES) return false;
      const { timestampSeconds, signature } = parseTimestampedSignature(bytes);
      return verify(parsed.publicKey, cosignatureMessage(decodeUtf8(text), timestampSeconds), signature);
    },
  };
}

/**
 * Cosigns a checkpoint, as a witness does after it has verified that the checkpoint extends the last one.
 *
 * @param sign Ed25519 over the message that it is given, by the private key of `key`
 * @throws MalformedError `integer_out_of_range`, `cosignature_malformed`
 */
export async function signCosignature(
  checkpointText: string,
  timestampSeconds: number,
  key: VerifierKey,
  sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Promise<NoteSignature> {
  const signature = await sign(cosignatureMessage(checkpointText, timestampSeconds));
  return {
    name: key.name,
    keyId: key.keyId,
    signature: formatTimestampedSignature({ timestampSeconds, signature }),
  };
}

function malformed(length: number, wanted: number): MalformedError {
  return new MalformedError("cosignature_malformed", `A cosignature has ${wanted} bytes, not ${length}`);
}
