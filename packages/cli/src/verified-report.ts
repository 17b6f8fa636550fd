import type { EvidenceReport, SourceFindings, VerificationReport } from "@stele/server";
import { countOf, formatCount } from "./count.ts";
import { printable } from "./printable.ts";
import type { Session } from "./session.ts";
import { evidenceJson, printEvidence } from "./verified-evidence.ts";

/** A verification that found nothing wrong; of a proof file, with what it proves. */
export type VerifiedReport = VerificationReport & {
  readonly leafIndex?: number;
  readonly entry?: string;
  readonly evidence?: EvidenceReport["evidence"];
};

/** For programs. */
export function reportJson(report: VerifiedReport): object {
  return {
    verified: true,
    target: report.target,
    place: report.place,
    origin: report.origin,
    vkey: report.vkey,
    key_from: report.keyFrom,
    tree_size: report.treeSize,
    root: report.root,
    checked: report.checked,
    extends_size: report.extendsSize ?? null,
    seconds: report.seconds,
    ...(report.witnessed && {
      witnessed: {
        tree_size: report.witnessed.treeSize,
        witnesses: report.witnessed.witnesses.map(({ name, timestampSeconds }) => ({
          name,
          cosigned_at: timeOf(timestampSeconds),
        })),
      },
    }),
    ...(report.anchors && { anchors: anchorsJson(report.anchors) }),
    ...(report.columns && { columns: report.columns }),
    ...(report.times && { times: timesJson(report.times) }),
    ...(report.sources && {
      sources: {
        total: report.sources.count,
        with_gaps: report.sources.withGaps,
        missing: report.sources.missing,
        duplicates: report.sources.duplicates,
        truncated: report.sources.isTruncated,
        compared: report.sources.compared ?? null,
        incomplete: report.sources.incomplete,
      },
    }),
    ...(report.entry !== undefined && { index: report.leafIndex, entry_text: report.entry }),
    ...(isEvidence(report) && evidenceJson(report)),
  };
}

/** Where the key came from, for people. */
export const KEY_FROM = {
  given: "given, with --key or --policy",
  remembered: "the one that verified this log before",
  log: "what the log itself shows: compare it with the one its operator published",
  file: "as stated in the file itself",
} as const;

const SUCCESSOR = "the newest; signed statements lead to it from the one given with --key";

/** For people. @param givenKey what `--key` was: the report has the newest key, which may be another one */
export async function printReport(
  session: Session,
  report: VerifiedReport,
  givenKey?: string,
): Promise<void> {
  const { out } = session;
  await session.print(`${out.style("green", "✓ verified")} ${out.style("bold", printable(report.place))}`);
  for (const [title, text, remark] of rowsOf(report, givenKey)) {
    await session.print(`  ${title.padEnd(9)} ${printable(text)}`);
    if (remark !== undefined) await session.print(`  ${"".padEnd(9)} ${out.style("dim", remark)}`);
  }
  if (isEvidence(report)) await printEvidence(session, report);
}

function isEvidence(report: VerifiedReport): report is EvidenceReport {
  return report.evidence !== undefined;
}

/** The rest of an entry is in the file, and in what `--json` says. */
const ENTRY_SHOWN = 300;

type Row = readonly [title: string, text: string, remark?: string];

function rowsOf(report: VerifiedReport, givenKey: string | undefined): Row[] {
  const { entry, leafIndex, checked, extendsSize, seconds } = report;
  const speed =
    entry === undefined ? `, ${formatCount(checked.entries / Math.max(seconds, 0.001))} a second` : "";
  const compared = [
    countOf(checked.segments, "segment"),
    countOf(checked.commits, "commit"),
    countOf(checked.checkpoints, "signed checkpoint"),
  ];
  const isSuccessor = givenKey !== undefined && givenKey !== report.vkey;
  const rows: Row[] = [
    ["origin", report.origin],
    ["key", report.vkey, isSuccessor ? SUCCESSOR : KEY_FROM[report.keyFrom]],
    ["tree", `${countOf(report.treeSize, "entry")}, root ${report.root}`],
    ["hashed", `${countOf(checked.entries, "entry")}, ${countOf(checked.bytes, "byte")}${speed}`],
    ["compared", compared.filter((part) => !part.startsWith("0 ")).join(", ")],
  ];
  const { columns } = report;
  if (columns && columns.rows > 0) {
    const rate = formatCount(columns.rows / Math.max(columns.seconds, 0.001));
    rows.push(["columns", `${countOf(columns.rows, "row")} of what searches go by, ${rate} a second`]);
  }
  if (report.times) {
    rows.push([
      "times",
      report.times.text,
      "A clock was wrong, or entries were made up: ask whoever runs the log",
    ]);
  }
  if (report.sources && report.sources.count > 0) rows.push(sourcesRow(report.sources));
  if (report.witnessed) {
    const { treeSize, witnesses } = report.witnessed;
    const by = witnesses.map(({ name, timestampSeconds }) => `${name} (${timeOf(timestampSeconds)})`);
    rows.push(["witnessed", `${countOf(treeSize, "entry")}, as the policy demands`, by.join(", ")]);
  }
  if (report.anchors) rows.push(anchorsRow(report.anchors));
  if (entry !== undefined) rows.unshift(["event", `${leafIndex}: ${cut(entry, ENTRY_SHOWN)}`]);
  if (extendsSize !== undefined) {
    rows.push(["extends", `the tree of ${countOf(extendsSize, "entry")} that was verified here before`]);
  }
  return rows;
}

type Times = NonNullable<VerificationReport["times"]>;

function timesJson({ backward, future }: Times): object {
  const json = ({ leafIndex, receivedAt }: NonNullable<Times["future"]>) => ({
    index: leafIndex,
    received_at: receivedAt,
  });
  return {
    ...(backward && { backward: { ...json(backward), after: json(backward.after) } }),
    ...(future && { future: json(future) }),
  };
}

function sourcesRow({ count, withGaps, missing, duplicates, compared }: SourceFindings): Row {
  const gaps =
    withGaps === 0
      ? "nothing is missing"
      : `${formatCount(withGaps)} with gaps, ${formatCount(missing)} missing`;
  const twice = duplicates === 0 ? "" : `, ${countOf(duplicates, "duplicate")}`;
  const text = `${countOf(count, "source")}: ${gaps}${twice}`;
  return compared === undefined ? ["sources", text] : ["sources", text, "as the node says, too"];
}

/** Witnesses state times; those that no calendar has are shown as they are. */
function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : date.toISOString();
}

type Anchors = NonNullable<VerificationReport["anchors"]>;

function anchorsJson({ anchors, timestamps, authenticated, newest }: Anchors): object {
  return {
    kept: anchors,
    timestamps,
    authenticated,
    ...(newest && {
      newest: {
        tree_size: newest.treeSize,
        time: new Date(newest.timeMs).toISOString(),
        authority: newest.authority,
      },
    }),
  };
}

function anchorsRow({ anchors, timestamps, authenticated, newest }: Anchors): Row {
  const text = `${countOf(anchors, "checkpoint")} kept, ${countOf(timestamps, "time-stamp")}`;
  if (!newest) return ["anchors", text];
  const time = new Date(newest.timeMs).toISOString();
  const last = `; the newest, of ${countOf(newest.treeSize, "entry")}, is of ${time}, by ${newest.authority}`;
  return authenticated === timestamps
    ? ["anchors", text + last]
    : ["anchors", text + last, "whose authority was not authenticated: --tsa-ca <file> does that"];
}

function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`;
}
