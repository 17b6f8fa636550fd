import { gunzipSync, gzipSync } from "node:zlib";
import { EVIDENCE_LENGTH_BYTES_MAX, formatEvidence, MalformedError, type Evidence } from "@stele/proof";

/** Base64 of hashes does not compress well, whatever the effort; entries do. */
const GZIP_LEVEL = 6;

/** The bytes of a `.stele-evidence` file. @throws what `formatEvidence` throws */
export function packEvidence(evidence: Evidence): Uint8Array {
  return gzipSync(formatEvidence(evidence), { level: GZIP_LEVEL });
}

/**
 * The JSON of a `.stele-evidence` file; what is not compressed is taken as it is.
 *
 * @param place for errors
 * @param bytes untrusted: no more is unpacked than a bundle may have
 * @throws MalformedError `evidence_malformed`
 */
export function unpackEvidence(place: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: EVIDENCE_LENGTH_BYTES_MAX });
  } catch (cause) {
    const reason =
      cause instanceof RangeError
        ? `it unpacks to more than ${EVIDENCE_LENGTH_BYTES_MAX} bytes`
        : `it is broken as gzip: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new MalformedError("evidence_malformed", `${place} is not an evidence bundle: ${reason}`, {
      cause,
    });
  }
}
