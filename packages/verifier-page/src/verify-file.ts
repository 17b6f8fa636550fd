import {
  decodeUtf8,
  encodeUtf8,
  leafHash,
  looksLikeEvidence,
  MalformedError,
  parseEvidence,
  parseNote,
  parseTlogProof,
  verifyEvidence,
  verifyMisbehaviour,
  verifyTlogProof,
  type Evidence,
  type EvidenceTrust,
  type VerifiedEvidence,
  type VerifiedLeaf,
  type VerifiedMisbehaviour,
} from "@stele/proof";
import { checkpointTrust } from "./trust.ts";
import { unpack } from "./unpack.ts";

/** What a file turned out to be, all of it verified. */
export type VerifiedFile =
  | { readonly kind: "evidence"; readonly evidence: Evidence; readonly verified: VerifiedEvidence }
  | { readonly kind: "proof"; readonly entry: string; readonly note: string; readonly verified: VerifiedLeaf }
  | { readonly kind: "misbehaviour"; readonly verified: VerifiedMisbehaviour };

/**
 * Verifies a file of any kind that this page knows.
 *
 * @throws MalformedError `key_needed`, `file_unknown`, `entry_needed`; whatever the verifiers of `@stele/proof` throw
 */
export async function verifyFile(
  bytes: Uint8Array<ArrayBuffer>,
  trust: EvidenceTrust,
): Promise<VerifiedFile> {
  if (looksLikeEvidence(bytes)) {
    const evidence = parseEvidence(await unpack(bytes));
    return { kind: "evidence", evidence, verified: verifyEvidence(evidence, trust) };
  }
  if (begins(bytes, "stele.misbehaviour/v1\n")) {
    const { log, rules } = needed(trust);
    return { kind: "misbehaviour", verified: verifyMisbehaviour(bytes, log, rules) };
  }
  if (begins(bytes, "c2sp.org/tlog-proof@")) {
    const { extra, checkpoint } = parseTlogProof(bytes);
    if (!extra) {
      throw new MalformedError("entry_needed", "The proof does not hold the entry that it is about");
    }
    const { log, rules } = needed(trust);
    const verified = verifyTlogProof(bytes, leafHash(extra), log, rules);
    return { kind: "proof", entry: decodeUtf8(extra), note: decodeUtf8(checkpoint), verified };
  }
  throw new MalformedError(
    "file_unknown",
    "This is neither an evidence bundle, nor a tlog-proof, nor a proof of misbehaviour",
  );
}

function needed(trust: EvidenceTrust) {
  const known = checkpointTrust(trust);
  if (known) return known;
  throw new MalformedError(
    "key_needed",
    "A file of this kind does not name a key. Enter the log's key above, from somebody whom you trust, and choose the file again",
  );
}

function begins(bytes: Uint8Array, text: string): boolean {
  const beginning = encodeUtf8(text);
  return beginning.every((byte, i) => bytes[i] === byte);
}

/** The signatures of a note, by whom they say they are. */
export function signaturesOf(note: string): { readonly name: string; readonly keyId: number }[] {
  return parseNote(encodeUtf8(note)).signatures.map(({ name, keyId }) => ({ name, keyId }));
}
