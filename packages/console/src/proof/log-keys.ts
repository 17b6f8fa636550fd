import type { KeyList } from "@stele/client";
import {
  encodeUtf8,
  followSuccession,
  formatVerifierKey,
  noteVerifier,
  parsePolicy,
  VerificationError,
  type LogKeys,
  type NoteVerifier,
} from "@stele/proof";
import type { KeySource } from "./proof-report.ts";
import type { LogTrust } from "./trust-store.ts";

/** The keys to check a log's checkpoint with, and from where they are known. */
export interface KnownKeys {
  readonly source: KeySource;
  /** What is trusted: the vkeys that the others follow from. */
  readonly trusted: readonly string[];
  readonly log: LogKeys | readonly NoteVerifier[];
  readonly vkeys: readonly string[];
}

/** From where this browser knows the key of a log. */
export function keySource({ pinned, remembered }: LogTrust): KeySource {
  if (pinned) return "pinned";
  return remembered ? "remembered" : "first-use";
}

/**
 * The keys that follow, by statements that they signed themselves, from what this browser trusts: what a person pinned,
 * else what it remembers, else what the node says.
 *
 * @param listed the node's word
 * @param origin what the checkpoint says that it is of; unverified
 * @throws VerificationError `checkpoint_origin_wrong` if the pinned policy has no key of this log; `key_not_in_succession`,
 *   also if the node calls a key the log's that does not follow from a trusted one; what `followSuccession` throws
 */
export function knownKeys(trust: LogTrust, listed: KeyList, origin: string): KnownKeys {
  const source = keySource(trust);
  const { trusted, log } =
    trust.pinned?.kind === "policy"
      ? keysOfPolicy(trust.pinned.text, listed, origin)
      : keysFrom(trustedKeys(trust, listed), listed);
  const vkeys = "statements" in log ? log.keys.map(({ vkey }) => vkey) : trusted;
  if (!vkeys.includes(listed.vkey)) {
    throw new VerificationError(
      "key_not_in_succession",
      "The node names another key as the log's, and no signed statement says that it follows the one that is trusted",
      { expected: vkeys.at(-1), actual: listed.vkey },
    );
  }
  return { source, trusted, log, vkeys };
}

function trustedKeys({ pinned, remembered }: LogTrust, listed: KeyList): readonly string[] {
  return pinned ? [pinned.text] : (remembered?.vkeys ?? [listed.vkey]);
}

function keysFrom(trusted: readonly string[], { statements, vkey }: KeyList) {
  try {
    return { trusted, log: followSuccession(trusted, statements) };
  } catch (error) {
    if (!(error instanceof VerificationError) || error.code !== "key_not_in_succession") throw error;
    throw new VerificationError(
      error.code,
      error.message,
      { expected: trusted.at(-1), actual: vkey },
      { cause: error },
    );
  }
}

/** Any of the keys that the policy has of the log will do. */
function keysOfPolicy(text: string, listed: KeyList, origin: string) {
  const trusted = parsePolicy(encodeUtf8(text))
    .logs.filter(({ key }) => key.name === origin)
    .map(({ key }) => formatVerifierKey(key));
  if (trusted.length === 0) {
    throw new VerificationError("checkpoint_origin_wrong", "The pinned policy has no key of this log", {
      expected: "a log of the policy",
      actual: origin,
    });
  }
  if (listed.statements.length === 0) return { trusted, log: trusted.map((vkey) => noteVerifier(vkey)) };
  let failure: unknown;
  for (const vkey of trusted) {
    try {
      return keysFrom([vkey], listed);
    } catch (error) {
      // Another key of the policy may be one of the log's.
      if (!(error instanceof VerificationError) || error.code !== "key_not_in_succession") throw error;
      failure = error;
    }
  }
  throw failure;
}
