import { verifyBatchInclusion } from "./batch-inclusion.ts";
import { verifyCheckpoint, type CheckpointPolicy, type VerifiedCheckpoint } from "./checkpoint.ts";
import { MalformedError, VerificationError } from "./errors.ts";
import { completenessOf, sameCompleteness, type Completeness } from "./evidence-completeness.ts";
import type { Evidence, EvidenceEntry } from "./evidence.ts";
import { sha256Hasher, type Hash, type Hasher } from "./hasher.ts";
import type { NoteVerifier } from "./note.ts";
import type { LogKeys } from "./succession.ts";
import { encodeUtf8 } from "./utf8.ts";

/** What of a bundle is proven. What it declares besides is not in here. */
export interface VerifiedEvidence {
  /** Signed by the log, and cosigned as the policy asks. Where the keys came from is the caller's matter. */
  readonly checkpoint: VerifiedCheckpoint;
  /** Proven to be in the log of the checkpoint, byte for byte, at these indexes. */
  readonly entries: readonly (EvidenceEntry & { readonly leafHash: Hash })[];
  /** Recomputed from the entries. */
  readonly completeness: Completeness;
}

/**
 * Verifies a bundle: the checkpoint's signature and cosignatures, the inclusion of every entry, and that what the file
 * says to be provable is what its entries show.
 *
 * @param evidence untrusted, parsed
 * @param log as for `verifyCheckpoint`. Not from the bundle itself, or nothing is known of who signed: from a key that
 *   is trusted, and the bundle's succession, `followSuccession` makes the keys of the log
 * @throws VerificationError what `verifyCheckpoint` and `verifyBatchInclusion` throw, `evidence_claim_wrong`
 * @throws MalformedError what those throw, `evidence_malformed`
 */
export function verifyEvidence(
  evidence: Evidence,
  log: NoteVerifier | readonly NoteVerifier[] | LogKeys,
  policy: CheckpointPolicy = {},
  hasher: Hasher = sha256Hasher,
): VerifiedEvidence {
  const { declared, provable, proof } = evidence;
  const checkpoint = verifyCheckpoint(encodeUtf8(evidence.checkpoint), log, policy);
  const { treeSize } = checkpoint;
  const entries = evidence.entries.map(({ leafIndex, entry }) => ({
    leafIndex,
    entry,
    leafHash: hasher.leaf(encodeUtf8(entry)),
  }));
  if (entries.length > 0) verifyBatchInclusion(proof, entries, checkpoint, hasher);
  else if (proof.length > 0) {
    throw new MalformedError("evidence_malformed", "Not an evidence bundle: it has a proof, and no entries");
  }

  const completeness = completenessOf(entries);
  if (!sameCompleteness(completeness, provable)) {
    throw wrongClaim("What the file says to be provable is not what its entries show", {
      claimed: provable,
      shown: completeness,
    });
  }
  const last = entries.at(-1)?.leafIndex ?? -1;
  if (declared.searchedSize > treeSize || last >= declared.searchedSize) {
    throw wrongClaim(
      `The file says that the entries below ${declared.searchedSize} were searched; it has entry ${last} of a tree of ${treeSize}`,
      { declared, last, treeSize },
    );
  }
  return { checkpoint, entries, completeness };
}

function wrongClaim(message: string, evidence: Readonly<Record<string, unknown>>): VerificationError {
  return new VerificationError("evidence_claim_wrong", message, evidence);
}
