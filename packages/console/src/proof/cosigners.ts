import {
  cosignatureVerifier,
  encodeUtf8,
  formatKeyId,
  MalformedError,
  parsePolicy,
  parseTimestampedSignature,
  quorumReached,
  type Note,
  type NoteSignature,
  type Policy,
  type PolicyWitness,
} from "@stele/proof";
import type { Cosigner, Step } from "./proof-report.ts";

/** A policy and whose word it is. */
export interface StatedPolicy {
  /** As tlog-policy; undefined: nobody is asked to cosign. */
  readonly text: string | undefined;
  readonly from: "pinned" | "node";
}

export interface CheckedCosignatures {
  readonly cosigners: readonly Cosigner[];
  readonly step: Step;
}

/**
 * Checks each signature of a checkpoint that is not the log's own. One by a witness of the policy has to be right; others
 * are listed as unknown. Too few are an error only if a person demands them: a checkpoint that was just made has none yet.
 *
 * @throws MalformedError what `parsePolicy` throws
 */
export function checkCosignatures(
  note: Note,
  isOfLog: (signature: NoteSignature) => boolean,
  { text, from }: StatedPolicy,
): CheckedCosignatures {
  const policy = text === undefined ? undefined : parsePolicy(encodeUtf8(text));
  const noteText = encodeUtf8(note.text);
  const valid = new Set<PolicyWitness>();
  const cosigners: Cosigner[] = [];
  for (const signature of note.signatures) {
    if (isOfLog(signature)) continue;
    const witness = policy?.witnesses.find(
      ({ key }) => key.name === signature.name && key.keyId === signature.keyId,
    );
    const line = { name: signature.name, keyId: formatKeyId(signature.keyId) };
    if (!witness) {
      cosigners.push({ ...line, state: "unknown" });
      continue;
    }
    const timestampSeconds = acceptedAt(witness, noteText, signature.signature);
    if (timestampSeconds === undefined) cosigners.push({ ...line, state: "invalid" });
    else {
      valid.add(witness);
      cosigners.push({ ...line, state: "valid", timestampSeconds });
    }
  }
  const unknown = cosigners.filter(({ state }) => state === "unknown").length;
  return { cosigners, step: stepOf(cosigners, policy, valid, from, unknown) };
}

/** The time of a good cosignature; undefined if it is not one. */
function acceptedAt({ key }: PolicyWitness, text: Uint8Array, signature: Uint8Array): number | undefined {
  try {
    if (!cosignatureVerifier(key).accepts(text, signature)) return undefined;
    return parseTimestampedSignature(signature).timestampSeconds;
  } catch (error) {
    // Its time is beyond all numbers that are exact.
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

function stepOf(
  cosigners: readonly Cosigner[],
  policy: Policy | undefined,
  valid: ReadonlySet<PolicyWitness>,
  from: StatedPolicy["from"],
  unknown: number,
): Step {
  const name = "cosignatures";
  const invalid = cosigners.find(({ state }) => state === "invalid");
  if (invalid) {
    const text = `The cosignature of ${invalid.name} is not of this checkpoint.`;
    return { name, state: "failed", code: "note_signature_wrong", text };
  }
  const others = unknown === 0 ? "" : ` ${unknown} more by witnesses that are not in the policy.`;
  if (policy?.quorum === undefined) {
    const text = "No policy asks for cosignatures of this log, so nobody besides the log vouches for it.";
    return { name, state: "skipped", text: text + others };
  }
  const whose = from === "pinned" ? "the pinned policy" : "the policy that the node states";
  const count = `Cosigned by ${valid.size} of the ${policy.witnesses.length} witnesses of ${whose}`;
  if (quorumReached(policy, (witness) => valid.has(witness))) {
    const caveat = from === "node" ? " Who the witnesses are is the node's word." : "";
    return { name, state: "passed", text: `${count}: its quorum is reached.${caveat}${others}` };
  }
  if (from === "pinned") {
    return { name, state: "failed", code: "cosignatures_too_few", text: `${count}: fewer than it demands.` };
  }
  return { name, state: "remark", text: `${count}: fewer than its quorum, until now.${others}` };
}
