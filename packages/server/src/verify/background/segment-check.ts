import { VerificationError, type CompactRange } from "@stele/proof";
import type { AuditProcess } from "../audit-process.ts";
import { appendSegment, compareSegment, neededLeaves } from "../segment-comparison.ts";
import type { ReceivedTimes } from "../time-audit.ts";
import { TreeAudit, type Claim } from "../tree-audit.ts";
import { findingOf, type Finding } from "./finding.ts";
import type { CopiedSegment, LogCopy } from "./log-copy.ts";

export interface CheckedSegment {
  readonly findings: readonly Finding[];
  readonly entries: number;
  readonly bytes: number;
  readonly times?: ReceivedTimes | undefined;
}

/**
 * Re-reads one segment of a copy, all of it: every entry against the hashes that the segment states, what was signed of sizes
 * inside of it, its columns, its lock. One finding keeps none of the rest from being looked at.
 *
 * @param range the tree up to where the segment begins; left as it is
 * @param claims of sizes inside of the segment
 * @throws UnavailableError
 */
export async function checkSegment(
  copy: LogCopy,
  copied: CopiedSegment,
  process: AuditProcess,
  range: CompactRange,
  claims: readonly Claim[],
): Promise<CheckedSegment> {
  const { segment } = copied;
  const place = copy.placeOf(segment);
  const findings: Finding[] = [];
  let path = place;
  const note = (error: Error): void => {
    const finding = findingOf(copy.place, place, error);
    // It was looked at in a file of its own, which is gone soon.
    findings.push(JSON.parse(JSON.stringify(finding).replaceAll(path, place)) as Finding);
  };
  const noting = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      note(error);
    }
  };
  let bytes = 0;
  let times: ReceivedTimes | undefined;
  await noting(() =>
    copy.withFile(copied, async (directory) => {
      path = `${directory}/${segment.key}`;
      const audit = new TreeAudit(range.clone(), note);
      for (const claim of claims) audit.claim(claim);
      const question = { directory, segment, leavesOf: neededLeaves(audit, segment) };
      await noting(async () => {
        const hashes = await process.hashSegment(question);
        ({ bytes, times } = hashes);
        compareSegment(place, segment, hashes);
        appendSegment(audit, segment, hashes);
      });
      await noting(() => process.auditColumns(question));
    }),
  );
  await noting(() => copy.auditLock(copied));
  return { findings, entries: segment.end - segment.start, bytes, times };
}
