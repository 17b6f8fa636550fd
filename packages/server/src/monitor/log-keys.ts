import { parseVerifierKey, type LogKeys, type NoteVerifier } from "@stele/proof";
import { logVerifier } from "../log/native-ed25519.ts";
import { chooseKeys, seenWith } from "../verify/remembered.ts";
import type { MonitorDirectory } from "./monitor-state.ts";

/** What a log's checkpoints are verified with. */
export interface TrustedLog {
  readonly log: LogKeys | readonly NoteVerifier[];
  /** What is remembered: the newest key, and the statements that it follows from. */
  readonly vkey: string;
  readonly statements: readonly string[];
  /** Nobody gave the key, and it was not seen before: it is the log's own word. */
  readonly isFirstUse: boolean;
}

/** What the log shows of its keys, unverified; what could not be had is left out. */
export interface ShownLogKeys {
  /** What it calls itself. */
  readonly origin?: string;
  readonly vkey?: string;
  readonly statements?: readonly Uint8Array[];
}

/**
 * The keys that follow from the one given, else from the one that was seen last, else (for the first time) from the one that
 * the log itself shows. Several given keys are taken as they are.
 *
 * @param given vkeys; one of them, or the log's own, must be known
 * @throws VerificationError `key_changed`, `checkpoint_origin_wrong`; what `followSuccession` throws of the statements
 */
export async function trustLog(
  directory: MonitorDirectory,
  given: readonly string[],
  shown: ShownLogKeys,
): Promise<TrustedLog> {
  if (given.length > 1) {
    return { log: given.map(logVerifier), vkey: given[0]!, statements: [], isFirstUse: false };
  }
  const state = await directory.read();
  const { statements = [] } = state ?? {};
  const remembered = state && { vkey: state.vkey, checkpoint: "", statements };
  const vkey = shown.vkey ?? given[0]!;
  const shownKeys = {
    origin: shown.origin ?? parseVerifierKey(vkey).name,
    vkey,
    statements: shown.statements ?? statements.map((text) => Buffer.from(text)),
  };
  const chosen = chooseKeys(shownKeys, given, remembered);
  const seen = seenWith(chosen, "");
  return {
    log: chosen.keys,
    vkey: seen.vkey,
    statements: seen.statements ?? [],
    isFirstUse: chosen.keyFrom === "log",
  };
}
