import { VerificationError } from "@stele/proof";
import { errorCode } from "../../store/storage-error.ts";
import { findingOf, type Finding } from "./finding.ts";
import { firstDifference } from "./reference-tree.ts";
import type { VerificationOptions } from "./verified-log.ts";

const ENTRIES_AT_ONCE = 4_096;

/** Names the place for a person. */
export const LOCAL = "this node";

/**
 * Looks at what the node keeps for itself, and answers from: its cache of segments, its copy of the journal, the index of what
 * is hot.
 *
 * @param told of each piece that was looked at: which share of all is done, 0 to 1, and the entries `[at, to)`
 * @throws UnavailableError
 */
export async function checkLocal(
  { log, process }: VerificationOptions,
  pace: <T>(work: () => Promise<T>) => Promise<T>,
  told: (fraction: number, at: number, to: number) => void,
): Promise<{ readonly findings: readonly Finding[] }> {
  const findings: Finding[] = [];
  const note = (code: string, place: string, what: string, evidence: Record<string, unknown>): void => {
    const error = new VerificationError(code, `${place}: ${what}`, { place, ...evidence });
    findings.push(findingOf(LOCAL, place, error));
  };
  const checkHot = async (at: number, to: number): Promise<void> => {
    const entries = await log.readEntries(at, to);
    const lines = Buffer.concat(entries.flatMap((entry) => [entry, LF]));
    const wrong = firstDifference(await process.hashLines(lines), at, log.tree);
    if (wrong !== undefined) {
      const what = "its bytes are not those that were signed";
      note("entry_corrupt", `${LOCAL}: entry ${wrong}`, what, { leafIndex: wrong });
      return;
    }
    const difference = await log.search.compareHot(at, entries);
    if (!difference) return;
    const { leafIndex, column } = difference;
    const what = `the column ${column} of the index is not what the entry says. Searches are wrong, the entries are right: restart the node`;
    note("index_differs", `${LOCAL}: entry ${leafIndex}`, what, { leafIndex, column });
  };
  const segments = log.segments();
  const total = segments.length + Math.ceil((log.head().treeSize - sealedSizeOf(log)) / ENTRIES_AT_ONCE);
  let done = 0;
  for (const segment of segments) {
    const damaged = await pace(() => log.files.recheck(segment));
    told(++done / total, segment.start, segment.start);
    if (damaged === undefined) continue;
    const what = `${damaged} in the cache were changed since they were verified. They are fetched again; what was searched meanwhile may be wrong. Look at the disk, and at who can write to it`;
    note("cache_corrupt", log.files.place(segment), what, { key: segment.key, part: damaged });
  }
  const { treeSize } = log.head();
  for (let at = sealedSizeOf(log); at < treeSize; at += ENTRIES_AT_ONCE) {
    const to = Math.min(treeSize, at + ENTRIES_AT_ONCE);
    try {
      await pace(() => checkHot(at, to));
      told(++done / total, at, to);
    } catch (error) {
      const place = `${LOCAL}: entries [${at}, ${to})`;
      if (error instanceof VerificationError) findings.push(findingOf(LOCAL, place, error));
      else if (errorCode(error) !== "ENOENT") throw error;
      // Unless it was sealed meanwhile, and trimmed, somebody took the file away.
      else if (sealedSizeOf(log) <= at)
        note("journal_missing", place, "a file of the journal that holds them is gone", {});
    }
  }
  return { findings };
}

function sealedSizeOf(log: VerificationOptions["log"]): number {
  return log.segments().at(-1)?.end ?? 0;
}

const LF = Uint8Array.of(0x0a);
