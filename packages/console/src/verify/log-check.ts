import type { SteleClient } from "@stele/client";
import {
  checkpointPolicy,
  encodeBase64,
  encodeUtf8,
  parseCheckpoint,
  parseNote,
  parsePolicy,
  TileReader,
  VerificationError,
  verifyCheckpoint,
  type CheckpointPolicy,
} from "@stele/proof";
import { knownKeys } from "../proof/log-keys.ts";
import type { KeySource } from "../proof/proof-report.ts";
import { checkSeen } from "../proof/seen-checkpoint.ts";
import type { LogTrust } from "../proof/trust-store.ts";

export interface LogCheckProgress {
  /** Entries. */
  readonly done: number;
  readonly total: number;
  readonly bytes: number;
}

/** What was found true. */
export interface CheckedLog {
  readonly origin: string;
  readonly treeSize: number;
  /** In base64. */
  readonly root: string;
  /** The signed checkpoint. */
  readonly note: string;
  readonly keySource: KeySource;
  /** The keys of the log that follow from what was trusted. */
  readonly vkeys: readonly string[];
  /** How this tree goes with the one that this browser verified before. */
  readonly consistency: string;
  /** It is smaller than that one: the entries behind it were not read. */
  readonly isBehind: boolean;
  readonly bytes: number;
  readonly seconds: number;
}

const PROGRESS_EVERY_MS = 200;

/**
 * Reads every entry of a log over its tiles and hashes it, up to the root that the log signed. Nothing is taken on the
 * node's word but, on first use, its key.
 *
 * @param trust what this browser knows of the log
 * @throws VerificationError with the first thing that is not what the log signed; UnavailableError if the node can't be asked
 */
export async function checkLog(
  client: Pick<SteleClient, "keys" | "checkpoint" | "consistencyProof" | "tiles">,
  trust: LogTrust,
  onProgress: (progress: LogCheckProgress) => void,
): Promise<CheckedLog> {
  const started = performance.now();
  const [listed, bytes] = await Promise.all([client.keys(), client.checkpoint()]);
  const { origin } = parseCheckpoint(parseNote(bytes).text);
  const keys = knownKeys(trust, listed, origin);
  const checkpoint = verifyCheckpoint(bytes, keys.log, demandsOf(trust));
  const seen = await checkSeen(checkpoint, trust.seen, (from, to) => client.consistencyProof(from, to));
  if (seen.state === "failed") {
    throw new VerificationError("consistency_not_proven", seen.text, {
      seen: trust.seen && encodeUtf8(trust.seen.note),
      shown: bytes,
    });
  }
  const reader = new TileReader(checkpoint, client.tiles());
  const progress = { done: 0, total: checkpoint.treeSize, bytes: 0 };
  let toldMs = started;
  for await (const { entry } of reader.readEntries(0, checkpoint.treeSize)) {
    progress.done++;
    progress.bytes += entry.length;
    const nowMs = performance.now();
    if (nowMs - toldMs < PROGRESS_EVERY_MS) continue;
    toldMs = nowMs;
    onProgress(progress);
  }
  return {
    origin,
    treeSize: checkpoint.treeSize,
    root: encodeBase64(checkpoint.root),
    note: new TextDecoder().decode(bytes),
    keySource: keys.source,
    vkeys: keys.vkeys,
    consistency: seen.text,
    isBehind: seen.state === "remark",
    bytes: progress.bytes,
    seconds: (performance.now() - started) / 1_000,
  };
}

/** Who must have cosigned: as the policy says that a person pinned, if they did. */
function demandsOf({ pinned }: LogTrust): CheckpointPolicy {
  return pinned?.kind === "policy" ? checkpointPolicy(parsePolicy(encodeUtf8(pinned.text))) : {};
}
