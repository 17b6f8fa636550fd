import { decodeBase64, encodeBase64 } from "./base64.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { MalformedError } from "./errors.ts";
import { checkHash, equalBytes, type Hash } from "./hasher.ts";
import { formatDecimal, parseDecimal } from "./integer.ts";
import { parseNote } from "./note.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/**
 * What a log asks a witness: "cosign this checkpoint; here is the proof that it extends the one of the old size,
 * the last that you cosigned". The body of `POST <submission prefix>/add-checkpoint`, c2sp.org/tlog-witness
 * (2026-07-06).
 */
export interface AddCheckpointRequest {
  /** 0 if the witness has cosigned nothing of this log, or to be told its size. */
  readonly oldTreeSize: number;
  /** As for `verifyConsistency`; empty if the old size is 0. */
  readonly proof: readonly Hash[];
  /** The signed checkpoint, byte for byte. The fewer signatures of others it has, the better. */
  readonly checkpoint: Uint8Array;
}

/** As many as c2sp.org/tlog-witness allows; a tree of 2^53-1 leaves needs 53. */
const PROOF_HASHES_MAX = 63;

/** Room for a whole proof and more than 16 signatures of the longest kind. Some witnesses take only 10 KiB. */
export const ADD_CHECKPOINT_LENGTH_BYTES_MAX = 1 << 17;

/**
 * @throws MalformedError `integer_out_of_range`, `hash_malformed`, `add_checkpoint_malformed`, and what
 *   `parseNote` and `parseCheckpoint` throw if the checkpoint is not one
 */
export function formatAddCheckpoint({ oldTreeSize, proof, checkpoint }: AddCheckpointRequest): Uint8Array {
  if (proof.length > PROOF_HASHES_MAX) throw malformed(`it has more than ${PROOF_HASHES_MAX} hashes`);
  const lines = [`old ${formatDecimal("oldTreeSize", oldTreeSize)}`];
  for (const hash of proof) lines.push(encodeBase64(checkHash("hash", hash)));
  parseCheckpoint(parseNote(checkpoint).text);
  const bytes = encodeUtf8(`${lines.join("\n")}\n\n${decodeUtf8(checkpoint)}`);
  checkLength(bytes);
  return bytes;
}

/**
 * Parses without verifying anything: not the signatures, not the proof.
 *
 * @throws MalformedError `add_checkpoint_malformed`, `utf8_malformed`, `decimal_malformed`, `base64_malformed`,
 *   `hash_malformed`, `note_malformed`, `checkpoint_malformed`
 */
export function parseAddCheckpoint(bytes: Uint8Array): AddCheckpointRequest {
  checkLength(bytes);
  const text = decodeUtf8(bytes);
  const split = text.indexOf("\n\n");
  if (split < 0) throw malformed("it has no blank line before the checkpoint");
  const [old, ...hashes] = text.slice(0, split).split("\n");
  if (!old?.startsWith("old ")) throw malformed("its first line is not “old <size>”");
  if (hashes.length > PROOF_HASHES_MAX) throw malformed(`it has more than ${PROOF_HASHES_MAX} hashes`);
  const request = {
    oldTreeSize: parseDecimal("The old size", old.slice("old ".length)),
    proof: hashes.map(decodeBase64),
    checkpoint: encodeUtf8(text.slice(split + 2)),
  };
  if (!equalBytes(formatAddCheckpoint(request), bytes)) throw malformed("it is not in canonical form");
  return request;
}

function checkLength(bytes: Uint8Array): void {
  if (bytes.length > ADD_CHECKPOINT_LENGTH_BYTES_MAX) {
    throw malformed(`it is longer than ${ADD_CHECKPOINT_LENGTH_BYTES_MAX} bytes`);
  }
}

function malformed(reason: string): MalformedError {
  return new MalformedError("add_checkpoint_malformed", `Not an add-checkpoint request: ${reason}`);
}
