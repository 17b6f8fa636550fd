import { VerificationError } from "@stele/proof";
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
 * @throws UnavailableError
 */
export async function checkLocal(
  { log, process }: VerificationOptions,
  pace: <T>(work: () => Promise<T>) => Promise<T>,
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
  for (const segment of log.segments()) {
    const damaged = await pace(() => log.files.recheck(segment));
    if (damaged === undefined) continue;
    const what = `${damaged} in the cache were changed since they were verified. They are fetched again; what was searched meanwhile may be wrong. Look at the disk, and at who can write to it`;
    note("cache_corrupt", log.files.place(segment), what, { key: segment.key, part: damaged });
  }
  const sealedSize = log.segments().at(-1)?.end ?? 0;
  const { treeSize } = log.head();
  for (let at = sealedSize; at < treeSize; at += ENTRIES_AT_ONCE) {
    const to = Math.min(treeSize, at + ENTRIES_AT_ONCE);
    try {
      await pace(() => checkHot(at, to));
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      findings.push(findingOf(LOCAL, `${LOCAL}: entries [${at}, ${to})`, error));
    }
  }
  return { findings };
}

const LF = Uint8Array.of(0x0a);
