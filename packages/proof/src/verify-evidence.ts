import { verifyBatchInclusion } from "./batch-inclusion.ts";
import { verifyCheckpoint, type CheckpointPolicy, type VerifiedCheckpoint } from "./checkpoint.ts";
import { MalformedError, VerificationError } from "./errors.ts";
import { completenessOf, sameCompleteness, type Completeness } from "./evidence-completeness.ts";
import { chooseTrust, type EvidenceTrust, type Trusted } from "./evidence-trust.ts";
import type { Evidence, EvidenceEntry } from "./evidence.ts";
import { sha256Hasher, type Hash, type Hasher } from "./hasher.ts";
import { quorumReached } from "./quorum.ts";
import { encodeUtf8 } from "./utf8.ts";
import { ed25519Verify, formatVerifierKey, type Ed25519Verify } from "./verifier-key.ts";

/** What of a bundle is proven, by which keys. What it declares besides is not in here. */
export interface VerifiedEvidence {
  /** Signed by the log. */
  readonly checkpoint: VerifiedCheckpoint;
  /** The vkeys of the log that signed the checkpoint. */
  readonly signedBy: readonly string[];
  /** `file`: the key is as stated in the bundle itself, so anybody can have made all of it. */
  readonly keyFrom: "trusted" | "file";
  readonly witnessing: Witnessing;
  /** Proven to be in the log of the checkpoint, byte for byte, at these indexes. */
  readonly entries: readonly (EvidenceEntry & { readonly leafHash: Hash })[];
  /** Recomputed from the entries. */
  readonly completeness: Completeness;
}

/** Who else saw the checkpoint. */
export interface Witnessing {
  /** `file`: the witnesses are as stated in the bundle itself, and so prove nothing. */
  readonly policyFrom: "trusted" | "file";
  /** The witnesses of the policy; a time (Unix seconds, by their clock) for those that cosigned. */
  readonly witnesses: readonly Witness[];
  /** Whether the policy asks for any witness at all. */
  readonly required: boolean;
  /** Whether enough of them cosigned. Always true where the policy is trusted: what falls short of it is refused. */
  readonly reached: boolean;
}

export interface Witness {
  /** In the policy. */
  readonly name: string;
  readonly vkey: string;
  readonly cosignedAtSeconds: number | undefined;
}

export interface VerifyEvidenceOptions {
  readonly hasher?: Hasher;
  readonly verifySignature?: Ed25519Verify;
}

/**
 * Verifies a bundle: the checkpoint's signature and cosignatures, the inclusion of every entry, and that what the file
 * says to be provable is what its entries show.
 *
 * @param evidence untrusted, parsed
 * @param trust what is trusted, and known from elsewhere. Without it, the bundle's own word of its keys is taken, which
 *   shows that the bundle is whole and nothing more: see `keyFrom`
 * @throws VerificationError what `verifyCheckpoint`, `verifyBatchInclusion` and `followSuccession` throw,
 *   `evidence_claim_wrong`
 * @throws MalformedError what those throw, `evidence_malformed`
 */
export function verifyEvidence(
  evidence: Evidence,
  trust: EvidenceTrust = {},
  { hasher = sha256Hasher, verifySignature = ed25519Verify }: VerifyEvidenceOptions = {},
): VerifiedEvidence {
  const trusted = chooseTrust(evidence, trust, verifySignature);
  const checkpoint = verifyCheckpoint(
    encodeUtf8(evidence.checkpoint),
    trusted.log,
    trusted.policyFrom === "trusted" ? trusted.rules : withoutQuorum(trusted.rules),
  );
  const entries = verifyEntries(evidence, checkpoint, hasher);
  const completeness = verifyClaims(evidence, entries, checkpoint);
  const signedBy = checkpoint.note.verified
    .map(({ verifier }) => formatVerifierKey(verifier.key))
    .filter((vkey) => trusted.vkeys.includes(vkey));
  return {
    checkpoint,
    signedBy: [...new Set(signedBy)],
    keyFrom: trusted.keyFrom,
    witnessing: witnessingOf(trusted, checkpoint),
    entries,
    completeness,
  };
}

function withoutQuorum({ witnesses = [] }: CheckpointPolicy): CheckpointPolicy {
  return { witnesses };
}

function verifyEntries(
  { proof, entries }: Evidence,
  checkpoint: VerifiedCheckpoint,
  hasher: Hasher,
): VerifiedEvidence["entries"] {
  const leaves = entries.map(({ leafIndex, entry }) => ({
    leafIndex,
    entry,
    leafHash: hasher.leaf(encodeUtf8(entry)),
  }));
  if (leaves.length > 0) verifyBatchInclusion(proof, leaves, checkpoint, hasher);
  else if (proof.length > 0) {
    throw new MalformedError("evidence_malformed", "Not an evidence bundle: it has a proof, and no entries");
  }
  return leaves;
}

function verifyClaims(
  { declared, provable }: Evidence,
  entries: readonly EvidenceEntry[],
  { treeSize }: VerifiedCheckpoint,
): Completeness {
  const completeness = completenessOf(entries);
  if (!sameCompleteness(completeness, provable)) {
    throw wrongClaim("What the file says to be provable is not what its entries show", {
      claimed: provable,
      shown: completeness,
    });
  }
  const { searchedSize } = declared;
  const last = entries.at(-1)?.leafIndex ?? -1;
  if (searchedSize > treeSize || last >= searchedSize) {
    throw wrongClaim(
      `The file says that the entries below ${searchedSize} were searched, but its tree has ${treeSize}, and its last entry is ${last}`,
      { searchedSize, last, treeSize },
    );
  }
  return completeness;
}

function witnessingOf({ policy, policyFrom }: Trusted, { cosignatures }: VerifiedCheckpoint): Witnessing {
  const witnesses = policy.witnesses.map(({ name, key }) => {
    const cosignature = cosignatures.find((one) => one.name === key.name && one.keyId === key.keyId);
    return { name, vkey: formatVerifierKey(key), cosignedAtSeconds: cosignature?.timestampSeconds };
  });
  const cosigned = new Set(
    witnesses.filter((witness) => witness.cosignedAtSeconds !== undefined).map(({ name }) => name),
  );
  return {
    policyFrom,
    witnesses,
    required: policy.quorum !== undefined,
    reached: quorumReached(policy, ({ name }) => cosigned.has(name)),
  };
}

function wrongClaim(message: string, evidence: Readonly<Record<string, unknown>>): VerificationError {
  return new VerificationError("evidence_claim_wrong", message, evidence);
}
