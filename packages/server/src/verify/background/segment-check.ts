import { VerificationError, type CompactRange } from "@stele/proof";
import type { AuditProcess } from "../audit-process.ts";
import { appendSegment, compareSegment, neededLeaves } from "../segment-comparison.ts";
import type { ReceivedTimes } from "../time-audit.ts";
import { TreeAudit, type Claim } from "../tree-audit.ts";
import { findingOf, type Finding } from "./finding.ts";
import type { CopiedSegment, LogCopy } from "./log-copy.ts";

/** Which share of the time hashing takes; comparing the columns takes the rest. */
const HASHING = 0.3;

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
 * @param told which share of it is done, 0 to 1, now and then
 * @throws UnavailableError
 */
export async function checkSegment(
  copy: LogCopy,
  copied: CopiedSegment,
  process: AuditProcess,
  range: CompactRange,
  claims: readonly Claim[],
  told: (fraction: number) => void = () => undefined,
): Promise<CheckedSegment> {
  const { segment } = copied;
  const place = copy.placeOf(segment);
  const entries = segment.end - segment.start;
  const findings: Finding[] = [];
  let path = place;
  const note = (error: Error): void => {
    const finding = findingOf(copy.place, place, error, segment);
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
        const hashes = await process.hashSegment(question, (done) => told((HASHING * done) / entries));
        ({ bytes, times } = hashes);
        compareSegment(place, segment, hashes);
        appendSegment(audit, segment, hashes);
      });
      await noting(() =>
        process.auditColumns(question, (done) => told(HASHING + ((1 - HASHING) * done) / entries)),
      );
    }),
  );
  await noting(() => copy.auditLock(copied));
  return { findings, entries, bytes, times };
}
