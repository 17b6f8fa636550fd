import {
  formatKeyId,
  parseNote,
  VerificationError,
  verifyCheckpoint,
  type NoteSignature,
  type VerifiedCheckpoint,
} from "@stele/proof";
import { formatTime } from "../ui/format-time.ts";
import type { KnownKeys } from "./log-keys.ts";
import type { Step } from "./proof-report.ts";
import type { LogTrust } from "./trust-store.ts";

/** @throws VerificationError with what was trusted and who signed instead, if it was not signed by a known key */
export function verifySignature(note: Uint8Array, { log, vkeys }: KnownKeys): VerifiedCheckpoint {
  try {
    return verifyCheckpoint(note, log);
  } catch (error) {
    if (!(error instanceof VerificationError) || error.code !== "note_not_signed") throw error;
    const signatures = parseNote(note).signatures.map(identity).join(", ");
    const values = { expected: vkeys.at(-1), actual: signatures };
    throw new VerificationError(
      error.code,
      "The checkpoint is not signed by a key that this browser trusts.",
      values,
      {
        cause: error,
      },
    );
  }
}

/** Who signed, and why that key is taken for the log's. */
export function signatureStep(
  verified: VerifiedCheckpoint,
  keys: KnownKeys,
  { remembered, pinned }: LogTrust,
): Step {
  const { name, keyId } = signerOf(verified, keys);
  const signed = `Signed by ${name}, key ${formatKeyId(keyId)}.`;
  const isSuccessor = !keys.trusted.some((vkey) => identityOf(vkey) === identity({ name, keyId }));
  const followed = isSuccessor ? " It follows the key that is trusted, by a statement that both signed." : "";
  switch (keys.source) {
    case "pinned": {
      const what = pinned?.kind === "policy" ? "policy" : "key";
      return {
        name: "signature",
        state: "passed",
        text: `${signed}${followed} You pinned this log's ${what} in this browser.`,
      };
    }
    case "remembered": {
      const since = formatTime(remembered?.sinceMs ?? 0, "UTC").slice(0, 19);
      const text = `${signed}${followed} This browser remembers the key since ${since} UTC, when the node named it; pin it once you compared it with the one that you were given.`;
      return { name: "signature", state: "passed", text };
    }
    case "first-use": {
      const text = `${signed} The node named this key just now: compare it with the one that you were given.`;
      return { name: "signature", state: "remark", text };
    }
  }
}

/** The key of the log that signed a checkpoint. */
export function signerOf({ note }: VerifiedCheckpoint, keys: KnownKeys | undefined) {
  const { key } = note.verified[0]!.verifier;
  // A checkpoint that was signed anew when the key changed has both signatures; the newest key is what counts.
  const newest = keys?.vkeys.at(-1);
  const byNewest = note.verified.find((one) => newest !== undefined && identity(one) === identityOf(newest));
  return byNewest?.verifier.key ?? key;
}

/** Whether a signature is by a key of the log; by its name, as long as nothing better is known. */
export function isByLog(keys: KnownKeys | undefined, verified: VerifiedCheckpoint | undefined) {
  const own = new Set(keys?.vkeys.map(identityOf));
  return (signature: NoteSignature) =>
    own.has(identity(signature)) ||
    (verified?.note.verified.some((one) => one.name === signature.name && one.keyId === signature.keyId) ??
      false);
}

function identity({ name, keyId }: Pick<NoteSignature, "name" | "keyId">): string {
  return `${name}+${formatKeyId(keyId)}`;
}

/** What of a vkey its signatures say, too: name and key ID. */
function identityOf(vkey: string): string {
  return vkey.split("+", 2).join("+");
}
