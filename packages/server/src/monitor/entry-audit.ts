import { CompactRange, equalBytes, VerificationError, type TileReader } from "@stele/proof";
import { nativeHasher } from "../log/native-hasher.ts";

/** How many entries are read before what was read is kept, and checkpoints are looked at again. */
const ENTRIES_AT_ONCE = 65_536;

/**
 * Reads entries behind those that are in `range`, hashes them, and appends them: up to the tree of the reader, or a part of it.
 * The reader compares each with its leaf hash in the authenticated tiles; at the end, the root over all entries ever read is
 * compared with the signed one.
 *
 * @returns the range with them; the one given stays as it is
 * @throws what `TileReader` throws; VerificationError `root_mismatch`
 */
export async function auditEntries(reader: TileReader, range: CompactRange): Promise<CompactRange> {
  const { treeSize, root } = reader.checkpoint;
  const end = Math.min(treeSize, range.end + ENTRIES_AT_ONCE);
  const next = CompactRange.from(range.end, range.hashes, { hasher: nativeHasher });
  for await (const { leafHash } of reader.readEntries(range.end, end)) next.append(leafHash);
  if (end === treeSize && !equalBytes(next.root(), root)) {
    throw new VerificationError(
      "root_mismatch",
      `The entries that were read hash to another root than that of the checkpoint of size ${treeSize}`,
      { computed: next.root(), checkpoint: reader.checkpoint },
    );
  }
  return next;
}
