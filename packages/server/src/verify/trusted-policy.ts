import {
  checkpointPolicy,
  formatVerifierKey,
  VerificationError,
  type CheckpointPolicy,
  type Policy,
  type VerifiedCheckpoint,
} from "@stele/proof";
import { nativeEd25519 } from "../log/native-ed25519.ts";
import type { VerifyOptions, Witnessed } from "./report.ts";

/**
 * The keys that whoever verifies trusts for a log: the one given, and those of the policy.
 *
 * @throws VerificationError `log_not_in_policy` if the policy names logs, and this is none of them
 */
export function trustedKeys(
  { key, policy }: Pick<VerifyOptions, "key" | "policy">,
  origin: string,
): readonly string[] {
  const named = policy?.logs ?? [];
  const keys = named.filter((log) => log.key.name === origin).map((log) => formatVerifierKey(log.key));
  if (named.length > 0 && keys.length === 0) {
    const origins = [...new Set(named.map((log) => log.key.name))];
    throw new VerificationError(
      "log_not_in_policy",
      `The log is ${origin}; the policy is for ${origins.join(", ")}`,
      { origin, expected: origins },
    );
  }
  return [...(key === undefined ? [] : [key]), ...keys];
}

/** What a published checkpoint must have besides the log's signature. */
export function cosigningRules(policy: Policy | undefined): CheckpointPolicy {
  return policy ? checkpointPolicy(policy, nativeEd25519()) : {};
}

/** Who has cosigned a checkpoint that satisfies the policy, for the report. */
export function witnessedBy(
  policy: Policy | undefined,
  checkpoint: VerifiedCheckpoint | undefined,
): Witnessed | undefined {
  if (!policy || !checkpoint) return undefined;
  const witnesses = checkpoint.cosignatures.map(({ name, timestampSeconds }) => ({ name, timestampSeconds }));
  return { treeSize: checkpoint.treeSize, witnesses };
}
