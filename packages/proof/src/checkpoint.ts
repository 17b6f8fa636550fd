import { decodeBase64, encodeBase64 } from "./base64.ts";
import { parseTimestampedSignature, type Cosignature } from "./cosignature.ts";
import { MalformedError, VerificationError } from "./errors.ts";
import { checkHash, emptyRoot, equalBytes, HASH_LENGTH_BYTES } from "./hasher.ts";
import { formatDecimal, parseDecimal } from "./integer.ts";
import { verifyNote, type NoteVerifier, type VerifiedNote, type VerifiedSignature } from "./note.ts";
import { maySign, type LogKeys } from "./succession.ts";
import type { TreeHead } from "./tree.ts";
import { SIGNATURE_TYPE_COSIGNATURE } from "./verifier-key.ts";

/** What a log signs: "I am this log, and I have these leaves". c2sp.org/tlog-checkpoint, "Note text". */
export interface Checkpoint extends TreeHead {
  /** The unique name of the log, without newlines. */
  readonly origin: string;
  /**
   * Further lines, which nobody audits and which mean nothing here. Logs should have none; Stele writes none.
   * They are kept because the signature covers them.
   */
  readonly extensions: readonly string[];
}

/** The signed note text of a checkpoint. @throws MalformedError `checkpoint_malformed`, `integer_out_of_range`, `hash_malformed` */
export function formatCheckpoint(
  checkpoint: TreeHead & { origin: string; extensions?: readonly string[] },
): string {
  const { origin, treeSize, root, extensions = [] } = checkpoint;
  const size = formatDecimal("treeSize", treeSize);
  const lines = [origin, size, encodeBase64(checkHash("root", root)), ...extensions];
  if (lines.some((line) => line === "" || line.includes("\n"))) {
    throw malformed("the origin and each extension must be one line that is not empty");
  }
  return `${lines.join("\n")}\n`;
}

/**
 * Parses the note text of a checkpoint. What it says is not verified by that: see {@link verifyCheckpoint}.
 *
 * @throws MalformedError `checkpoint_malformed`, `decimal_malformed` (also if the size is above 2^53-1),
 *   `base64_malformed`
 */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw malformed("it does not end with a newline");
  const [origin, size, root64, ...extensions] = lines;
  if (origin === undefined || size === undefined || root64 === undefined) throw malformed("it lacks a line");
  if (lines.includes("")) throw malformed("it has an empty line");
  const root = decodeBase64(root64);
  if (root.length !== HASH_LENGTH_BYTES) throw malformed(`its root has ${root.length} bytes`);
  const checkpoint = { origin, treeSize: parseDecimal("The tree size", size), root, extensions };
  if (formatCheckpoint(checkpoint) !== text) throw malformed("it is not in canonical form");
  return checkpoint;
}

/** Kept inside this module, so that only {@link verifyCheckpoint} can make the type. */
const verified = Symbol("verified");

/** A checkpoint that came out of {@link verifyCheckpoint}: its log signed it, and so did enough witnesses. */
export interface VerifiedCheckpoint extends Checkpoint {
  /** The signed note, which shows to others what is verified here. */
  readonly note: VerifiedNote;
  /** One for each known witness that cosigned, with its latest time. */
  readonly cosignatures: readonly Cosignature[];
  readonly [verified]: true;
}

export interface CheckpointPolicy {
  /**
   * The log that is expected. Without it, the name of the key that signed must be the origin; with it, the
   * origin must be this one and the key may have any name.
   */
  readonly origin?: string;
  /** Verifiers of witnesses' cosignatures; none unless told. Each must have a public key of its own. */
  readonly witnesses?: readonly NoteVerifier[];
  /** Whether it suffices that these of the witnesses cosigned; nobody must have, unless told. See `checkpointPolicy`. */
  readonly quorum?: (cosigned: ReadonlySet<NoteVerifier>) => boolean;
}

/**
 * Verifies a signed checkpoint: the signature, the origin, and the cosignatures that the policy asks for.
 * This proves who said it, not that the log is append-only: compare it with the last one that you verified
 * (`verifyConsistency`).
 *
 * @param bytes the untrusted signed note
 * @param log the trusted verifier of the log; or its keys, one of which must have signed that may sign this size
 *   (`followSuccession`); or several verifiers, one of which suffices whatever the size
 * @throws MalformedError what `verifyNote` and {@link parseCheckpoint} throw; `key_duplicate`
 * @throws VerificationError `note_signature_wrong`, `note_not_signed`, `checkpoint_origin_wrong`,
 *   `key_not_valid_for_size`, `checkpoint_root_wrong`, `cosignatures_too_few`; the evidence has the note
 */
export function verifyCheckpoint(
  bytes: Uint8Array,
  log: NoteVerifier | readonly NoteVerifier[] | LogKeys,
  policy: CheckpointPolicy = {},
): VerifiedCheckpoint {
  const { origin, witnesses = [], quorum = () => true } = policy;
  checkDistinctKeys(witnesses);
  const logs = verifiersOf(log);
  const note = verifyNote(bytes, [...logs, ...witnesses]);
  const byLog = note.verified.filter(({ verifier }) => logs.includes(verifier));
  if (byLog.length === 0) {
    throw new VerificationError("note_not_signed", "The checkpoint is not signed by its log", { note });
  }

  const checkpoint = parseCheckpoint(note.text);
  const evidence = { note, checkpoint };
  const isExpected =
    origin === undefined
      ? byLog.some(({ name }) => name === checkpoint.origin)
      : origin === checkpoint.origin;
  if (!isExpected) {
    const wanted = origin ?? byLog[0]!.name;
    throw new VerificationError(
      "checkpoint_origin_wrong",
      `The checkpoint is of the log ${checkpoint.origin}, not of ${wanted}`,
      evidence,
    );
  }
  if ("statements" in log) checkKeys(log, byLog, checkpoint.treeSize, evidence);
  if (checkpoint.treeSize === 0 && !equalBytes(checkpoint.root, emptyRoot())) {
    throw new VerificationError("checkpoint_root_wrong", "The root of the empty tree is wrong", evidence);
  }
  const byWitnesses = note.verified.filter(({ verifier }) => witnesses.includes(verifier));
  const cosigned = new Set(byWitnesses.map(({ verifier }) => verifier));
  if (!quorum(cosigned)) {
    const names = [...cosigned].map(({ key }) => key.name).join(", ") || "no known witness";
    throw new VerificationError(
      "cosignatures_too_few",
      `The checkpoint is cosigned by ${names}, which is less than the policy requires`,
      evidence,
    );
  }
  const cosignatures = latestCosignatures(byWitnesses);
  return { ...checkpoint, note, cosignatures, [verified]: true };
}

/** What signatures of a log are checked with, whatever they are of. */
export function verifiersOf(log: NoteVerifier | readonly NoteVerifier[] | LogKeys): readonly NoteVerifier[] {
  if ("key" in log) return [log];
  return "statements" in log ? log.keys.map(({ verifier }) => verifier) : log;
}

/** Else old entries could be signed again with a newer key, or a log be continued with a key that was stolen after its time. */
function checkKeys(
  { keys }: LogKeys,
  signatures: readonly VerifiedSignature[],
  treeSize: number,
  evidence: Readonly<Record<string, unknown>>,
): void {
  const signers = keys.filter((key) => signatures.some(({ verifier }) => verifier === key.verifier));
  if (signers.some((key) => maySign(key, treeSize))) return;
  throw new VerificationError(
    "key_not_valid_for_size",
    `The checkpoint of size ${treeSize} is signed by ${signers.map(({ vkey }) => vkey).join(" and ")}, which may not sign that size`,
    { ...evidence, ranges: signers.map(({ vkey, fromSize, toSize }) => ({ vkey, fromSize, toSize })) },
  );
}

/** The message of a cosignature does not name the witness, so one key under two names would count twice. */
function checkDistinctKeys(witnesses: readonly NoteVerifier[]): void {
  const seen = new Set<string>();
  for (const { key } of witnesses) {
    if (key.type !== SIGNATURE_TYPE_COSIGNATURE) {
      throw new MalformedError("key_malformed", `The key of the witness ${key.name} is not for cosignatures`);
    }
    const publicKey = encodeBase64(key.publicKey);
    if (seen.has(publicKey)) {
      throw new MalformedError("key_duplicate", `The witness ${key.name} has the same key as another one`);
    }
    seen.add(publicKey);
  }
}

function latestCosignatures(signatures: readonly VerifiedSignature[]): Cosignature[] {
  const latest = new Map<NoteVerifier, Cosignature>();
  for (const { name, keyId, signature, verifier } of signatures) {
    const { timestampSeconds } = parseTimestampedSignature(signature);
    const before = latest.get(verifier);
    if (!before || before.timestampSeconds < timestampSeconds) {
      latest.set(verifier, { name, keyId, timestampSeconds });
    }
  }
  return [...latest.values()];
}

function malformed(reason: string): MalformedError {
  return new MalformedError("checkpoint_malformed", `Not a checkpoint: ${reason}`);
}
