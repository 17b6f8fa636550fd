import { decodeBase64, encodeBase64 } from "./base64.ts";
import { verifyCheckpoint, type CheckpointPolicy, type VerifiedCheckpoint } from "./checkpoint.ts";
import { MalformedError } from "./errors.ts";
import { checkHash, equalBytes, sha256Hasher, type Hash, type Hasher } from "./hasher.ts";
import { verifyInclusion, type Leaf } from "./inclusion.ts";
import { formatDecimal, parseDecimal } from "./integer.ts";
import { NOTE_LENGTH_BYTES_MAX, parseNote, type NoteVerifier } from "./note.ts";
import type { LogKeys } from "./succession.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/**
 * All that somebody needs, besides the entry and the log's key, to check off line that the entry is in the
 * log. A file with the extension `.tlog-proof`. c2sp.org/tlog-proof (untagged, 2026-05-22).
 */
export interface TlogProof {
  readonly leafIndex: number;
  /** As for `verifyInclusion`: from the leaf's sibling up to the root's child. */
  readonly proof: readonly Hash[];
  /** The signed checkpoint with its cosignatures, byte for byte. */
  readonly checkpoint: Uint8Array;
  /** Opaque to this format, and authenticated by nothing. */
  readonly extra?: Uint8Array;
}

const HEADER = "c2sp.org/tlog-proof@v1";
/** As many as c2sp.org/tlog-witness allows; a tree of 2^53-1 leaves needs 53. */
const PROOF_HASHES_MAX = 63;
const EXTRA_LENGTH_BYTES_MAX = 1 << 20;
const TLOG_PROOF_LENGTH_BYTES_MAX = 3 * NOTE_LENGTH_BYTES_MAX;

/**
 * @throws MalformedError `integer_out_of_range`, `hash_malformed`, `tlog_proof_malformed`, and what
 *   `parseNote` throws if the checkpoint is not a signed note
 */
export function formatTlogProof({ leafIndex, proof, checkpoint, extra }: TlogProof): Uint8Array {
  const lines = [HEADER];
  if (proof.length > PROOF_HASHES_MAX) throw malformed(`it has more than ${PROOF_HASHES_MAX} hashes`);
  if (extra !== undefined) {
    if (extra.length > EXTRA_LENGTH_BYTES_MAX) throw malformed("its extra data is too long");
    lines.push(`extra ${encodeBase64(extra)}`);
  }
  lines.push(`index ${formatDecimal("leafIndex", leafIndex)}`);
  for (const hash of proof) lines.push(encodeBase64(checkHash("hash", hash)));
  parseNote(checkpoint);
  return encodeUtf8(`${lines.join("\n")}\n\n${decodeUtf8(checkpoint)}`);
}

/**
 * Parses without verifying anything: see {@link verifyTlogProof}.
 *
 * @throws MalformedError `tlog_proof_malformed`, `utf8_malformed`, `decimal_malformed`, `base64_malformed`,
 *   `hash_malformed`, `note_malformed`
 */
export function parseTlogProof(bytes: Uint8Array): TlogProof {
  if (bytes.length > TLOG_PROOF_LENGTH_BYTES_MAX) {
    throw malformed(`it is longer than ${TLOG_PROOF_LENGTH_BYTES_MAX} bytes`);
  }
  const text = decodeUtf8(bytes);
  const split = text.indexOf("\n\n");
  if (split < 0) throw malformed("it has no blank line before the checkpoint");
  const [header, ...lines] = text.slice(0, split).split("\n");
  if (header !== HEADER) throw malformed(`its first line is not ${HEADER}`);
  const extra = lines[0]?.startsWith("extra ")
    ? decodeBase64(lines.shift()!.slice("extra ".length))
    : undefined;
  const index = lines.shift();
  if (!index?.startsWith("index ")) throw malformed("it has no index line");
  const tlogProof = {
    leafIndex: parseDecimal("The leaf index", index.slice("index ".length)),
    proof: lines.map(decodeBase64),
    checkpoint: encodeUtf8(text.slice(split + 2)),
    ...(extra && { extra }),
  };
  if (!equalBytes(formatTlogProof(tlogProof), bytes)) throw malformed("it is not in canonical form");
  return tlogProof;
}

/** A leaf that is proven to be in the log of the checkpoint. */
export interface VerifiedLeaf extends Leaf {
  readonly checkpoint: VerifiedCheckpoint;
}

/**
 * Verifies a tlog-proof in the order of its specification: the log's signature and origin, the cosignatures
 * that the policy asks for, then the inclusion of the leaf.
 *
 * @param bytes untrusted
 * @param leafHash of the entry in question, hashed by the caller (`leafHash(entry)`)
 * @param log the trusted verifier of the log, or several of them, or its keys: as for `verifyCheckpoint`
 * @throws MalformedError what {@link parseTlogProof} and `verifyCheckpoint` throw, `integer_out_of_range`
 * @throws VerificationError what `verifyCheckpoint` throws, `inclusion_not_proven`
 */
export function verifyTlogProof(
  bytes: Uint8Array,
  leafHash: Hash,
  log: NoteVerifier | readonly NoteVerifier[] | LogKeys,
  policy: CheckpointPolicy = {},
  hasher: Hasher = sha256Hasher,
): VerifiedLeaf {
  const { leafIndex, proof, checkpoint: note } = parseTlogProof(bytes);
  const checkpoint = verifyCheckpoint(note, log, policy);
  return { ...verifyInclusion(proof, { leafIndex, leafHash }, checkpoint, hasher), checkpoint };
}

function malformed(reason: string): MalformedError {
  return new MalformedError("tlog_proof_malformed", `Not a tlog-proof: ${reason}`);
}
