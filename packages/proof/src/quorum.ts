import type { CheckpointPolicy } from "./checkpoint.ts";
import { cosignatureVerifier } from "./cosignature.ts";
import { noteVerifier, type NoteVerifier } from "./note.ts";
import type { Policy, PolicyWitness } from "./policy.ts";
import type { Ed25519Verify } from "./verifier-key.ts";

/** Whether the quorum is reached if exactly the witnesses for which `cosigned` is true have cosigned. */
export function quorumReached(policy: Policy, cosigned: (witness: PolicyWitness) => boolean): boolean {
  if (policy.quorum === undefined) return true;
  const reached = new Map<string, boolean>();
  for (const witness of policy.witnesses) reached.set(witness.name, cosigned(witness));
  for (const { name, threshold, members } of policy.groups) {
    reached.set(name, members.filter((member) => reached.get(member)).length >= threshold);
  }
  return reached.get(policy.quorum) === true;
}

/**
 * The logs of a policy, as `verifyCheckpoint` takes them.
 *
 * @param origin leaves only the keys of this log; without it, of any
 */
export function policyLogs(policy: Policy, origin?: string, verify?: Ed25519Verify): NoteVerifier[] {
  const logs = policy.logs.filter(({ key }) => origin === undefined || key.name === origin);
  return logs.map(({ key }) => noteVerifier(key, verify));
}

/**
 * The witnesses and the quorum of a policy, as `verifyCheckpoint` takes them. The whole policy is asked with
 * `verifyCheckpoint(bytes, policyLogs(policy), checkpointPolicy(policy))`.
 */
export function checkpointPolicy(policy: Policy, verify?: Ed25519Verify): CheckpointPolicy {
  const verifiers = policy.witnesses.map((witness) => ({
    witness,
    verifier: cosignatureVerifier(witness.key, verify),
  }));
  const verifierOf = new Map(verifiers.map(({ witness, verifier }) => [witness, verifier]));
  return {
    witnesses: verifiers.map(({ verifier }) => verifier),
    quorum: (cosigned) => quorumReached(policy, (witness) => cosigned.has(verifierOf.get(witness)!)),
  };
}
