import {
  HASH_LENGTH_BYTES,
  MalformedError,
  VerificationError,
  verifyCheckpoint,
  type LogKeys,
} from "@stele/proof";
import { hashLines } from "../log/native-hasher.ts";
import { parseCommit, type ParsedCommit } from "../store/commit.ts";
import type { TreeAudit } from "./tree-audit.ts";

/**
 * Parses an object that is to be the commit at `start`.
 *
 * @param bytes untrusted
 * @throws VerificationError `journal_corrupt` naming `place`
 */
export function parseCommitObject(bytes: Buffer, start: number, place: string): ParsedCommit {
  try {
    const commit = parseCommit(bytes, 0);
    if (commit.start === start && commit.endOffset === bytes.length) return commit;
    throw new MalformedError("commit_malformed", "it is not exactly the commit that belongs there");
  } catch (cause) {
    if (!(cause instanceof MalformedError)) throw cause;
    throw corrupt(place, cause.message, { cause });
  }
}

/**
 * Goes on with a commit: its entries must hash to the root that its checkpoint says, and the log must have signed that.
 * Entries that the tree has already (they are in a segment as well) are passed over.
 * `hashes`: of its entries, where they were computed elsewhere.
 *
 * @throws VerificationError `journal_corrupt`, `journal_gap`, `root_mismatch`, each naming `place`
 */
export function auditCommit(
  audit: TreeAudit,
  {
    origin,
    start,
    count,
    checkpoint,
    entryLines,
  }: Pick<ParsedCommit, "origin" | "start" | "count" | "checkpoint" | "entryLines">,
  keys: LogKeys,
  place: string,
  hashes = hashLines(entryLines),
): void {
  const end = start + count;
  if (origin !== keys.origin) {
    throw corrupt(place, `it is of the log ${JSON.stringify(origin)}, not of ${keys.origin}`);
  }
  if (start > audit.size) {
    throw new VerificationError(
      "journal_gap",
      `${place}: starts with entry ${start}, where entry ${audit.size} should be`,
      { place },
    );
  }
  const signed = verified(checkpoint, keys, place);
  if (signed.treeSize !== end || hashes.length !== count * HASH_LENGTH_BYTES) {
    throw corrupt(
      place,
      `it holds ${hashes.length / HASH_LENGTH_BYTES} entries from ${start} on, and its checkpoint is of size ${signed.treeSize}`,
    );
  }
  if (end < audit.size) return;
  audit.claim({ ...signed, place: `${place}, entries ${start} to ${end - 1}` });
  audit.appendLeaves(hashes.subarray((audit.size - start) * HASH_LENGTH_BYTES));
}

function verified(checkpoint: string, keys: LogKeys, place: string) {
  try {
    return verifyCheckpoint(Buffer.from(checkpoint), keys);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw corrupt(place, `its checkpoint is not one that the log signed (${why})`, { cause });
  }
}

function corrupt(place: string, what: string, options: ErrorOptions = {}): VerificationError {
  return new VerificationError(
    "journal_corrupt",
    `The commit ${place} is damaged: ${what}`,
    { place },
    options,
  );
}
