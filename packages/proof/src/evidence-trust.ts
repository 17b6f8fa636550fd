import type { CheckpointPolicy } from "./checkpoint.ts";
import { MalformedError, VerificationError } from "./errors.ts";
import type { Evidence } from "./evidence.ts";
import { noteVerifier, type NoteVerifier } from "./note.ts";
import { parsePolicy, type Policy } from "./policy.ts";
import { checkpointPolicy } from "./quorum.ts";
import { extendsStatements, followSuccession, type LogKeys } from "./succession.ts";
import { encodeUtf8 } from "./utf8.ts";
import { formatVerifierKey, type Ed25519Verify } from "./verifier-key.ts";

/** What whoever verifies knows by a way of his own. */
export interface EvidenceTrust {
  /** A key of the log (a vkey): the one that signed, or one from which the bundle's succession leads to it. */
  readonly vkey?: string;
  /** Keys of logs, witnesses and a quorum. Its keys of the log count if no `vkey` is given. */
  readonly policy?: Policy;
  /** The log's statements about its keys as they are known, which need no trust: more, maybe, than when the bundle was made. */
  readonly statements?: readonly Uint8Array[];
}

/** What a bundle is verified with. */
export interface Trusted {
  readonly keyFrom: "trusted" | "file";
  readonly policyFrom: "trusted" | "file";
  readonly log: LogKeys | readonly NoteVerifier[];
  readonly vkeys: readonly string[];
  readonly policy: Policy;
  readonly rules: CheckpointPolicy;
}

/**
 * The keys and the policy to verify a bundle with: those that are trusted, and what is not among them as the bundle
 * states it.
 *
 * @throws VerificationError `checkpoint_origin_wrong` if no trusted key is one of this log; `succession_broken`, and what `followSuccession` throws
 * @throws MalformedError `evidence_malformed` if nothing is trusted and the bundle states no key, or no policy
 */
export function chooseTrust(evidence: Evidence, trust: EvidenceTrust, verify: Ed25519Verify): Trusted {
  const origin = evidence.checkpoint.split("\n", 1)[0]!;
  const policy = trust.policy ?? statedPolicy(evidence);
  const isKeyTrusted = trust.vkey !== undefined || trust.policy !== undefined;
  const vkeys = trust.vkey === undefined ? keysOf(policy, origin) : [trust.vkey];
  if (vkeys.length === 0) {
    const message = `The policy has no key of the log ${origin}`;
    if (isKeyTrusted) throw new VerificationError("checkpoint_origin_wrong", message, { origin });
    throw new MalformedError("evidence_malformed", `Not an evidence bundle: ${message}`);
  }
  const log = keysThatMaySign(statementsOf(evidence, trust), vkeys, verify);
  return {
    keyFrom: isKeyTrusted ? "trusted" : "file",
    policyFrom: trust.policy ? "trusted" : "file",
    log,
    vkeys: "statements" in log ? log.keys.map(({ vkey }) => vkey) : vkeys,
    policy,
    rules: checkpointPolicy(policy, verify),
  };
}

function statedPolicy(evidence: Evidence): Policy {
  try {
    return parsePolicy(encodeUtf8(evidence.policy));
  } catch (cause) {
    if (!(cause instanceof MalformedError)) throw cause;
    const message = `Not an evidence bundle: in its policy: ${cause.message}`;
    throw new MalformedError("evidence_malformed", message, { cause });
  }
}

function keysOf(policy: Policy, origin: string): string[] {
  return policy.logs.filter(({ key }) => key.name === origin).map(({ key }) => formatVerifierKey(key));
}

/** All statements that are known: those of the bundle, or those known from elsewhere, which begin with the others. */
function statementsOf(
  { succession }: Evidence,
  { statements: known = [] }: EvidenceTrust,
): readonly Uint8Array[] {
  const stated = succession.map(encodeUtf8);
  const [fewer, more] = stated.length <= known.length ? [stated, known] : [known, stated];
  if (extendsStatements(fewer, more)) return more;
  throw new VerificationError(
    "succession_broken",
    "The bundle has other statements about the keys of the log than those that are known",
    { stated: succession, known },
  );
}

/** The keys that follow each other, if one of `vkeys` is among them; without statements, `vkeys` themselves. */
function keysThatMaySign(
  statements: readonly Uint8Array[],
  vkeys: readonly string[],
  verify: Ed25519Verify,
): LogKeys | NoteVerifier[] {
  const verifierOf = (vkey: string) => noteVerifier(vkey, verify);
  if (statements.length === 0) return vkeys.map(verifierOf);
  let failure: unknown;
  for (const vkey of vkeys) {
    try {
      return followSuccession(vkey, statements, verifierOf);
    } catch (error) {
      // Another trusted key may be one of the log's.
      if (!(error instanceof VerificationError) || error.code !== "key_not_in_succession") throw error;
      failure = error;
    }
  }
  throw failure;
}
