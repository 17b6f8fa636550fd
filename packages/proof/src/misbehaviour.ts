import { decodeBase64, encodeBase64 } from "./base64.ts";
import {
  parseCheckpoint,
  verifyCheckpoint,
  type CheckpointPolicy,
  type VerifiedCheckpoint,
} from "./checkpoint.ts";
import { CompactRange } from "./compact-range.ts";
import { proveConsistency, verifyConsistency } from "./consistency.ts";
import { MalformedError, VerificationError } from "./errors.ts";
import { checkHash, equalBytes, sha256Hasher, type Hash, type Hasher } from "./hasher.ts";
import { formatNote, NOTE_LENGTH_BYTES_MAX, parseNote } from "./note.ts";
import type { ReadHashes } from "./proof-plan.ts";
import { rangeNodes, type TreeHead } from "./tree.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/**
 * Two checkpoints that no honest log can have signed: `older` of a tree that `newer` does not extend. A file with
 * the extension `.misbehaviour`, which anyone checks who knows the log's key. docs/spec/misbehaviour.md.
 */
export interface Misbehaviour {
  /** Signed, byte for byte, with the cosignatures that it came with. */
  readonly older: Uint8Array;
  /** The same of a tree that is as large or larger. */
  readonly newer: Uint8Array;
  /** If `newer` is larger: what its tree has in place of the older one. */
  readonly prefix?: ProvenPrefix;
}

/** The root over the first leaves of a larger tree. */
export interface ProvenPrefix {
  readonly root: Hash;
  /** As for `verifyConsistency`, from this root to that of the larger tree. */
  readonly proof: readonly Hash[];
}

const HEADER = "stele.misbehaviour/v1";
const PREFIX = "prefix ";
/** As many as c2sp.org/tlog-witness allows; a tree of 2^53-1 leaves needs 53. */
const PROOF_HASHES_MAX = 63;
export const MISBEHAVIOUR_LENGTH_BYTES_MAX = 2 * NOTE_LENGTH_BYTES_MAX + 8192;

/**
 * @throws MalformedError `misbehaviour_malformed`, `hash_malformed`, and what `parseNote` and `parseCheckpoint`
 *   throw if one of the two is no checkpoint
 */
export function formatMisbehaviour({ older, newer, prefix }: Misbehaviour): Uint8Array {
  const [olderSize, newerSize] = [older, newer].map((note) => parseCheckpoint(parseNote(note).text).treeSize);
  if (olderSize! > newerSize!) throw malformed("its first checkpoint is larger than its second");
  if (olderSize! < newerSize! !== (prefix !== undefined)) {
    throw malformed("it has a prefix exactly if its checkpoints differ in size");
  }
  const lines = [HEADER];
  if (prefix !== undefined) {
    const { root, proof } = prefix;
    if (proof.length > PROOF_HASHES_MAX) throw malformed(`it has more than ${PROOF_HASHES_MAX} hashes`);
    lines.push(PREFIX + encodeBase64(checkHash("prefix", root)));
    for (const hash of proof) lines.push(encodeBase64(checkHash("hash", hash)));
  }
  return encodeUtf8([`${lines.join("\n")}\n`, decodeUtf8(older), decodeUtf8(newer)].join("\n"));
}

/**
 * Parses without verifying anything: see {@link verifyMisbehaviour}.
 *
 * @throws MalformedError `misbehaviour_malformed`, `utf8_malformed`, `base64_malformed`, `hash_malformed`,
 *   `decimal_malformed`, `note_malformed`, `checkpoint_malformed`
 */
export function parseMisbehaviour(bytes: Uint8Array): Misbehaviour {
  if (bytes.length > MISBEHAVIOUR_LENGTH_BYTES_MAX) {
    throw malformed(`it is longer than ${MISBEHAVIOUR_LENGTH_BYTES_MAX} bytes`);
  }
  // No part of it has empty lines of its own, so that they separate: head, text, signatures, text, signatures.
  const parts = decodeUtf8(bytes).split("\n\n");
  if (parts.length !== 5) throw malformed("it does not consist of a head and two checkpoints");
  const [header, prefix, ...hashes] = parts[0]!.split("\n");
  if (header !== HEADER) throw malformed(`its first line is not ${HEADER}`);
  if (prefix !== undefined && !prefix.startsWith(PREFIX)) throw malformed("its second line is no prefix");
  if (hashes.length > PROOF_HASHES_MAX) throw malformed(`it has more than ${PROOF_HASHES_MAX} hashes`);
  const misbehaviour: Misbehaviour = {
    older: encodeUtf8(`${parts[1]}\n\n${parts[2]}\n`),
    newer: encodeUtf8(`${parts[3]}\n\n${parts[4]}`),
    ...(prefix !== undefined && {
      prefix: { root: decodeBase64(prefix.slice(PREFIX.length)), proof: hashes.map(decodeBase64) },
    }),
  };
  if (!equalBytes(formatMisbehaviour(misbehaviour), bytes)) throw malformed("it is not in canonical form");
  return misbehaviour;
}

/** What a log is convicted of: it signed both, and neither tree extends the other. */
export interface VerifiedMisbehaviour {
  readonly origin: string;
  readonly older: VerifiedCheckpoint;
  readonly newer: VerifiedCheckpoint;
  /** What `newer` says of the first leaves, as many as `older` has: another root than that of `older`. */
  readonly prefix: TreeHead;
}

/**
 * Verifies that the log misbehaved: that it signed both checkpoints, and that the tree of the newer one begins with
 * other leaves than the older one says. Needs nothing but the key of the log. Against a log that keeps to one
 * append-only history there is no such proof, unless somebody else has its key or SHA-256 is broken: all
 * hashes of the proof go into the newer root, which the log signed.
 *
 * @param bytes untrusted
 * @param log the trusted verifier of the log, or several of them
 * @throws MalformedError what {@link parseMisbehaviour} and `verifyCheckpoint` throw
 * @throws VerificationError `misbehaviour_not_proven`, and what `verifyCheckpoint` throws: nothing is shown then,
 *   neither that the log is honest nor that it is not
 */
export function verifyMisbehaviour(
  bytes: Uint8Array,
  log: Parameters<typeof verifyCheckpoint>[1],
  policy: CheckpointPolicy = {},
  hasher: Hasher = sha256Hasher,
): VerifiedMisbehaviour {
  const misbehaviour = parseMisbehaviour(bytes);
  const older = verifyCheckpoint(misbehaviour.older, log, policy);
  const newer = verifyCheckpoint(misbehaviour.newer, log, policy);
  const notProven = (reason: string, cause?: unknown) =>
    new VerificationError(
      "misbehaviour_not_proven",
      `Nothing is proven of ${older.origin}: ${reason}`,
      { older, newer },
      { cause },
    );
  // Several keys may have several names.
  if (older.origin !== newer.origin) throw notProven(`the other checkpoint is of ${newer.origin}`);

  const { treeSize } = older;
  const prefix: TreeHead = { treeSize, root: misbehaviour.prefix?.root ?? newer.root };
  if (misbehaviour.prefix !== undefined) {
    try {
      verifyConsistency(misbehaviour.prefix.proof, prefix, newer, hasher);
    } catch (cause) {
      if (!(cause instanceof VerificationError)) throw cause;
      throw notProven("the hashes do not belong to the newer tree", cause);
    }
  }
  if (equalBytes(older.root, prefix.root)) throw notProven("the newer tree extends the older one");
  return { origin: older.origin, older, newer, prefix };
}

/**
 * Compares two checkpoints of one log: undefined if the tree of `newer` begins with that of `older`, otherwise what
 * shows to everybody that it does not.
 *
 * @param readHashes hashes of the tree of `newer`, authenticated (`TileReader.readHashes`)
 * @throws MalformedError `integer_out_of_range` if `newer` is smaller; what `readHashes` throws
 * @throws VerificationError `consistency_not_proven` if the hashes that were read are not of the tree of `newer`
 */
export async function findMisbehaviour(
  older: VerifiedCheckpoint,
  newer: VerifiedCheckpoint,
  readHashes: ReadHashes,
  hasher: Hasher = sha256Hasher,
): Promise<Misbehaviour | undefined> {
  const notes = { older: noteOf(older), newer: noteOf(newer) };
  if (older.treeSize === newer.treeSize) return equalBytes(older.root, newer.root) ? undefined : notes;
  const { treeSize } = older;
  const proof = await proveConsistency(treeSize, newer.treeSize, readHashes, hasher);
  const subtrees = treeSize === 0 ? [] : await readHashes(rangeNodes(0, treeSize));
  const root = CompactRange.from(treeSize, subtrees, { hasher }).root();
  verifyConsistency(proof, { treeSize, root }, newer, hasher);
  return equalBytes(older.root, root) ? undefined : { ...notes, prefix: { root, proof } };
}

function noteOf({ note }: VerifiedCheckpoint): Uint8Array {
  return formatNote(note.text, note.signatures);
}

function malformed(reason: string): MalformedError {
  return new MalformedError("misbehaviour_malformed", `Not a proof of misbehaviour: ${reason}`);
}
