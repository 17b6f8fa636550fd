import { decodeBase64, encodeBase64 } from "./base64.ts";
import { MalformedError, VerificationError } from "./errors.ts";
import { equalBytes } from "./hasher.ts";
import { decodeUtf8, encodeUtf8, hasControlCharacter } from "./utf8.ts";
import {
  ed25519Verify,
  formatKeyId,
  isKeyName,
  parseVerifierKey,
  SIGNATURE_TYPE_ED25519,
  type Ed25519Verify,
  type VerifierKey,
} from "./verifier-key.ts";

/** One signature line. Name and key ID say whose it claims to be. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  /** Without the key ID. 64 bytes for Ed25519, 72 for a cosignature; of other types, anything but empty. */
  readonly signature: Uint8Array;
}

/** A signed note of which nothing is verified yet. */
export interface Note {
  /** Ends with a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A key that signatures of notes can be checked with. */
export interface NoteVerifier {
  readonly key: VerifierKey;
  /** Whether `signature` is one by this key of the note text, whose UTF-8 bytes are `text`. */
  accepts(text: Uint8Array, signature: Uint8Array): boolean;
}

/** A private key somewhere: in memory, in a file, in a key service. */
export interface NoteSigner {
  readonly key: VerifierKey;
  /** The signature of the note text, without the key ID. */
  sign(text: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A note that at least one known key signed, and no known key signed wrongly. */
export interface VerifiedNote extends Note {
  /** Who signed, in the order of the lines. Signatures by other keys are in `signatures` only. */
  readonly verified: readonly VerifiedSignature[];
}

export interface VerifiedSignature extends NoteSignature {
  readonly verifier: NoteVerifier;
}

export const NOTE_LENGTH_BYTES_MAX = 1 << 20;
export const NOTE_SIGNATURES_MAX = 100;

/**
 * Verifies the signatures of a signed note (c2sp.org/signed-note, "Signatures"): signatures by unknown keys
 * are ignored, each one by a known key must be right, and there must be at least one.
 *
 * @param bytes untrusted
 * @param verifiers trusted; a key is known if its name and its ID are both those of the signature
 * @throws MalformedError `note_malformed`, `utf8_malformed`, `base64_malformed`, `key_duplicate`, and
 *   `integer_out_of_range` for a cosignature of a known witness that is dated after second 2^53-1
 * @throws VerificationError `note_signature_wrong`, `note_not_signed`; the evidence has the parsed note
 */
export function verifyNote(bytes: Uint8Array, verifiers: readonly NoteVerifier[]): VerifiedNote {
  const known = new Map<string, NoteVerifier>();
  for (const verifier of verifiers) {
    const id = identity(verifier.key);
    if (known.has(id)) throw new MalformedError("key_duplicate", `Two verifiers are called ${id}`);
    known.set(id, verifier);
  }

  const note = parseNote(bytes);
  const text = encodeUtf8(note.text);
  const verified: VerifiedSignature[] = [];
  for (const signature of note.signatures) {
    const verifier = known.get(identity(signature));
    if (!verifier) continue;
    if (!verifier.accepts(text, signature.signature)) {
      throw new VerificationError(
        "note_signature_wrong",
        `The note has a signature of ${identity(signature)} that is not of its text`,
        { note, signature, key: verifier.key },
      );
    }
    verified.push({ ...signature, verifier });
  }
  if (verified.length === 0) {
    const wanted = [...known.keys()].join(", ") || "nobody";
    throw new VerificationError("note_not_signed", `The note is not signed by ${wanted}`, { note });
  }
  return { ...note, verified };
}

function identity({ name, keyId }: { readonly name: string; readonly keyId: number }): string {
  return `${name}+${formatKeyId(keyId)}`;
}

const SIGNATURE_PREFIX = "— ";

/**
 * Parses a signed note without verifying it: to route it, or to show it as unverified. c2sp.org/signed-note,
 * "Format".
 *
 * @throws MalformedError `note_malformed`, `utf8_malformed`, `base64_malformed`
 */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > NOTE_LENGTH_BYTES_MAX) throw malformed(`is longer than ${NOTE_LENGTH_BYTES_MAX} bytes`);
  const whole = decodeUtf8(bytes);
  const split = whole.lastIndexOf("\n\n");
  if (split < 0) throw malformed("has no blank line before its signatures");
  const text = whole.slice(0, split + 1);
  const lines = whole.slice(split + 2).split("\n");
  if (lines.pop() !== "" || lines.length === 0) throw malformed("does not end with a signature line");
  const signatures = lines.map(parseSignatureLine);
  if (!equalBytes(formatNote(text, signatures), bytes)) throw malformed("is not in canonical form");
  return { text, signatures };
}

/** Parses a signature line, given without its newline. @throws MalformedError `note_malformed`, `base64_malformed` */
export function parseSignatureLine(line: string): NoteSignature {
  const space = line.indexOf(" ", SIGNATURE_PREFIX.length);
  const name = line.slice(SIGNATURE_PREFIX.length, space);
  if (!line.startsWith(SIGNATURE_PREFIX) || space < 0 || !isKeyName(name)) {
    throw malformed("has a signature line that is not “— <key name> <base64>”");
  }
  const bytes = decodeBase64(line.slice(space + 1));
  if (bytes.length < 5) throw malformed("has a signature without a key ID or without content");
  return { name, keyId: new DataView(bytes.buffer).getUint32(0), signature: bytes.slice(4) };
}

/** Formats a signature line, without its newline. @throws MalformedError `note_malformed` */
export function formatSignatureLine({ name, keyId, signature }: NoteSignature): string {
  if (!isKeyName(name) || signature.length === 0) throw malformed("can't have such a key name or signature");
  const bytes = new Uint8Array(4 + signature.length);
  new DataView(bytes.buffer).setUint32(0, keyId);
  bytes.set(signature, 4);
  return `${SIGNATURE_PREFIX}${name} ${encodeBase64(bytes)}`;
}

/**
 * Puts text and signatures together, in the order given, without verifying them.
 *
 * @param text ends with a newline, and has no other control characters
 * @throws MalformedError `note_malformed`, `utf8_malformed`
 */
export function formatNote(text: string, signatures: readonly NoteSignature[]): Uint8Array {
  checkText(text);
  if (signatures.length < 1 || signatures.length > NOTE_SIGNATURES_MAX) {
    throw malformed(`must have 1 to ${NOTE_SIGNATURES_MAX} signatures, not ${signatures.length}`);
  }
  const lines = signatures.map((signature) => `${formatSignatureLine(signature)}\n`);
  return encodeUtf8(`${text}\n${lines.join("")}`);
}

/** Has each signer sign the text, in turn. @throws MalformedError `note_malformed`, and what signers throw */
export async function signNote(text: string, signers: readonly NoteSigner[]): Promise<Uint8Array> {
  checkText(text);
  const signatures: NoteSignature[] = [];
  for (const signer of signers) {
    const { name, keyId } = signer.key;
    signatures.push({ name, keyId, signature: await signer.sign(encodeUtf8(text)) });
  }
  return formatNote(text, signatures);
}

/**
 * The verifier for Ed25519 signatures of notes (type 0x01).
 *
 * @param key a vkey, or parsed
 * @throws MalformedError `key_malformed` (also if the key is of another type), `key_id_mismatch`, `base64_malformed`
 */
export function noteVerifier(key: VerifierKey | string, verify: Ed25519Verify = ed25519Verify): NoteVerifier {
  const parsed = typeof key === "string" ? parseVerifierKey(key) : key;
  if (parsed.type !== SIGNATURE_TYPE_ED25519) {
    throw new MalformedError("key_malformed", `The key of ${parsed.name} is not one for signing notes`);
  }
  return { key: parsed, accepts: (text, signature) => verify(parsed.publicKey, text, signature) };
}

function checkText(text: string): void {
  if (!text.endsWith("\n")) throw malformed("has a text that does not end with a newline");
  if (text.split("\n").some(hasControlCharacter)) throw malformed("has a control character in its text");
}

function malformed(reason: string): MalformedError {
  return new MalformedError("note_malformed", `The note ${reason}`);
}
