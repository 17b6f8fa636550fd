import {
  checkpointPolicy,
  formatVerifierKey,
  quorumReached,
  type CheckpointPolicy,
  type Policy,
} from "@stele/proof";
import { nativeEd25519 } from "../log/native-ed25519.ts";
import type { PublisherOptions } from "./publisher.ts";
import type { Round } from "./round.ts";
import { Witness, type WitnessLimits } from "./witness.ts";

/** Whose cosignatures of a log are asked for: changed as a whole. */
export interface Asked {
  readonly policy: Policy;
  /** The same, to verify by. */
  readonly rules: CheckpointPolicy;
  /** Those that have a URL. */
  readonly witnesses: readonly Witness[];
}

/**
 * Who is asked by a policy.
 *
 * @param before who was asked until now: whoever is named again goes on from what it has cosigned
 * @throws MalformedError `policy_unusable`
 */
export function whoIsAsked(
  policy: Policy,
  { log, alarms, clock, random = Math.random }: PublisherOptions,
  limits: WitnessLimits,
  before: readonly Witness[] = [],
): Asked {
  const rules = checkpointPolicy(policy, nativeEd25519());
  const witnesses = policy.witnesses.flatMap((witness, i) => {
    if (witness.url === undefined) return [];
    return (
      before.find((each) => each.isSame(witness)) ??
      new Witness({
        log: log.name,
        witness,
        verifier: rules.witnesses![i]!,
        proveConsistency: (from, to) => log.proveConsistency(from, to),
        treeSize: () => log.head().treeSize,
        followingMs: () => log.followingMs(),
        limits,
        alarms,
        clock,
        random,
      })
    );
  });
  return { policy, rules, witnesses };
}

/** Whether those who have cosigned are the policy's quorum. */
export function isReached(policy: Policy, { cosignatures }: Pick<Round, "cosignatures">): boolean {
  return quorumReached(policy, ({ key }) => cosignatures.has(formatVerifierKey(key)));
}
