import {
  decodeUtf8,
  formatTlogProof,
  MalformedError,
  type Hash,
  type Leaf,
  type VerifiedCheckpoint,
} from "@stele/proof";
import { Answer } from "./answer.ts";

/** An entry that is verified to be in the log of a signed checkpoint, and what shows that to others. */
export interface ProvenEntry extends Leaf {
  /** The exact bytes. */
  readonly entry: Uint8Array;
  /** From the leaf's sibling up to the root's child. */
  readonly proof: readonly Hash[];
  readonly checkpoint: VerifiedCheckpoint;
  /** The checkpoint as the signed note it came in. */
  readonly note: Uint8Array;
}

/**
 * A c2sp.org/tlog-proof file of the entry. Its `extra` line holds the entry's bytes, so that the file is all
 * that somebody needs besides the log's key.
 */
export function formatProofFile({ leafIndex, entry, proof, note }: ProvenEntry): Uint8Array {
  return formatTlogProof({ leafIndex, proof, checkpoint: note, extra: entry });
}

/** The id of an entry. @throws MalformedError `response_malformed` if the bytes are no entry */
export function entryId(entry: Uint8Array): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(decodeUtf8(entry));
  } catch (cause) {
    throw new MalformedError("response_malformed", "The entry is not JSON", { cause });
  }
  return new Answer(parsed, "entry_bytes").field("id").string();
}
