import {
  MalformedError,
  parseCheckpoint,
  parseTimestampedSignature,
  verifyNote,
  type TreeHead,
} from "@stele/proof";
import type { WitnessKey } from "./witness-key.ts";

/** The newest checkpoint of a log that a witness cosigned. */
export interface Cosigned extends TreeHead {
  readonly origin: string;
  readonly timestampSeconds: number;
  /** The checkpoint with the log's signatures that were verified, and the witness's own behind them. */
  readonly note: Uint8Array;
}

/**
 * Reads back what the witness itself has cosigned.
 *
 * @throws MalformedError, VerificationError if it is not a checkpoint, or this witness did not cosign it
 */
export function parseCosigned(note: Uint8Array, key: WitnessKey): Cosigned {
  const verified = verifyNote(note, [key.verifier]);
  const own = verified.signatures.at(-1)!;
  if (own.keyId !== key.key.keyId || own.name !== key.key.name) {
    throw new MalformedError("note_malformed", "The cosignature of the witness is not the last signature");
  }
  const { origin, treeSize, root } = parseCheckpoint(verified.text);
  const { timestampSeconds } = parseTimestampedSignature(own.signature);
  return { origin, treeSize, root, timestampSeconds, note };
}
