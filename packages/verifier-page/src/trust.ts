import {
  checkpointPolicy,
  encodeUtf8,
  MalformedError,
  noteVerifier,
  parsePolicy,
  policyLogs,
  type CheckpointPolicy,
  type EvidenceTrust,
  type NoteVerifier,
} from "@stele/proof";

/** What whoever sits here trusts, as typed in: nothing, a vkey, or a policy. @throws MalformedError `trust_malformed` */
export function parseTrust(text: string): EvidenceTrust {
  try {
    return read(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MalformedError("trust_malformed", `What you trust is neither a key nor a policy: ${reason}`, {
      cause,
    });
  }
}

function read(text: string): EvidenceTrust {
  const trimmed = text.trim();
  if (trimmed === "") return {};
  if (/\s/.test(trimmed)) return { policy: parsePolicy(encodeUtf8(`${trimmed.replaceAll("\r", "")}\n`)) };
  noteVerifier(trimmed);
  return { vkey: trimmed };
}

/** The same as `verifyCheckpoint` takes it; undefined if nothing is trusted. */
export function checkpointTrust({ vkey, policy }: EvidenceTrust): CheckpointTrust | undefined {
  if (vkey !== undefined) return { log: [noteVerifier(vkey)], rules: {} };
  return policy && { log: policyLogs(policy), rules: checkpointPolicy(policy) };
}

interface CheckpointTrust {
  readonly log: readonly NoteVerifier[];
  readonly rules: CheckpointPolicy;
}
