import { formatVerifierKey, MalformedError, quorumReached, type LogKeys, type Policy } from "@stele/proof";
import type { Alarm } from "../ops/alarms.ts";

/** Which witnesses cosign the logs of a node, and when they are asked. Times in milliseconds. */
export interface PublishingOptions {
  readonly policy: Policy;
  /** Where it was read: a running node takes what is changed there. */
  readonly policyPath?: string;
  /** A log that grows is cosigned once in this time; a second unless told. */
  readonly intervalMs?: number;
  /** Cosignatures as old as this are renewed though nothing was appended; an hour unless told. */
  readonly refreshMs?: number;
  /** A witness that owes a cosignature for so long is an alarm; a minute unless told. */
  readonly lagMs?: number;
  /** For a request to a witness; 10 s unless told. */
  readonly timeoutMs?: number;
}

/**
 * Whether a node can have checkpoints cosigned as the policy demands.
 *
 * @throws MalformedError `policy_unusable` if the quorum can't be reached by witnesses that have a URL
 */
export function checkWitnessPolicy(policy: Policy): void {
  if (quorumReached(policy, ({ url }) => url !== undefined)) return;
  throw new MalformedError(
    "policy_unusable",
    "The quorum of the policy can't be reached by those of its witnesses that have a URL: put the submission prefix behind their keys",
  );
}

/** Whether the policy is for the log with these keys: it has one of them, or those of no log at all. */
export function coversLog(policy: Policy, { keys }: LogKeys): boolean {
  const named = new Set(policy.logs.map(({ key }) => formatVerifierKey(key)));
  return named.size === 0 || keys.some(({ vkey }) => named.has(vkey));
}

/** A policy that was changed, and does not name the log any more: what was promised of it is not taken back while it runs. */
export function policyKept(log: string, vkey: string): Alarm {
  return {
    ...withoutPolicy(log, vkey),
    message: `The changed policy has log lines, and none with a key of the log ${log}, which goes on with the policy before. Add the line “log ${vkey}”; if no witness is to cosign it any more, start the node anew`,
  };
}

/** A log that the policy does not name is served as without one; that this is so must not go unnoticed. */
export function withoutPolicy(log: string, vkey: string): Alarm {
  return {
    code: "policy_without_log",
    log,
    subject: "policy",
    severity: "warning",
    message: `The policy has log lines, and none with a key of the log ${log}, so no witness is asked to cosign it. Add the line “log ${vkey}”, or take all log lines out, and start the node anew`,
  };
}
