import type { Witnessing } from "@stele/proof";
import type { EvidenceReport } from "@stele/server";
import { countOf, formatCount } from "./count.ts";
import { printable } from "./printable.ts";
import type { Session } from "./session.ts";

/** What a bundle proves, and what it only declares, for programs. */
export function evidenceJson({ evidence, checked }: EvidenceReport): object {
  const { verified, declared, query } = evidence;
  const { run, sources } = verified.completeness;
  const { policyFrom, witnesses, required, reached } = verified.witnessing;
  return {
    proven: {
      entries: checked.entries,
      run: run ?? null,
      sources,
    },
    witnessing: {
      policy_from: policyFrom === "trusted" ? "given" : "file",
      required,
      reached,
      witnesses: witnesses.map(({ name, vkey, cosignedAtSeconds }) => ({
        name,
        vkey,
        cosigned_at: cosignedAtSeconds === undefined ? null : timeOf(cosignedAtSeconds),
      })),
    },
    declared: {
      by: declared.by ?? null,
      at: declared.at,
      query: declared.query,
      normal_query: declared.normalQuery,
      query_matched: query === "matched",
      searched_size: declared.searchedSize,
      all_matches: declared.allMatches,
    },
  };
}

/** Sources shown to people; the rest is in `--json`. */
const SOURCES_SHOWN = 10;

/** For people: two lists, and nothing that is only declared stands in the first. */
export async function printEvidence(session: Session, report: EvidenceReport): Promise<void> {
  const { out } = session;
  const isTrusted = report.keyFrom !== "file";
  if (!isTrusted) await session.print(out.style("yellow", UNTRUSTED));
  const { witnessing } = report.evidence.verified;
  const witnessed = witnessLine(witnessing);
  const isWitnessed = witnessing.policyFrom === "trusted";
  await printList(session, isTrusted ? "Proven" : "True if the key that the file states is the log's", [
    ...shownLines(report),
    ...(isWitnessed ? [witnessed] : []),
  ]);
  await printList(session, "Only declared, by whoever made the file", [
    ...declaredLines(report),
    ...(isWitnessed ? [] : [witnessed]),
  ]);
}

const UNTRUSTED = `  ! Checked only against the key that the file itself states. Whoever made the file can have made all of it: get the
    log's key by a way that you trust, and give it with --key or --policy.`;

async function printList(session: Session, title: string, lines: readonly string[]): Promise<void> {
  await session.print(`  ${session.out.style("bold", title)}`);
  for (const line of lines) await session.print(`    ${line}`);
}

function shownLines({ evidence, checked, treeSize }: EvidenceReport): string[] {
  const { run, sources } = evidence.verified.completeness;
  const lines = [
    `${countOf(checked.entries, "entry")}, byte for byte, at their indexes in the log's tree of ${formatCount(treeSize)}`,
  ];
  if (run) {
    lines.push(
      `These are all entries of the log from index ${formatCount(run.first)} to ${formatCount(run.last)}`,
    );
  }
  for (const { id, first, last, missing } of sources.slice(0, SOURCES_SHOWN)) {
    const numbers = `Of the source ${printable(id)}, the numbers ${first} to ${last}`;
    lines.push(
      missing === 0 ? `${numbers} are all here` : `${numbers}; ${formatCount(missing)} of them are not here`,
    );
  }
  if (sources.length > SOURCES_SHOWN) lines.push(`${sources.length - SOURCES_SHOWN} further sources: --json`);
  return lines;
}

function declaredLines({ evidence }: EvidenceReport): string[] {
  const { by, at, normalQuery, searchedSize, allMatches } = evidence.declared;
  const what = normalQuery === "" ? "everything" : printable(normalQuery);
  const matched = evidence.query === "matched" ? "the entries do match" : "this version can't read it";
  return [
    `Exported ${by === undefined ? "" : `by ${printable(by)} `}at ${printable(at)}`,
    `Query: ${what} (${matched})`,
    allMatches
      ? `These are all matches among the first ${countOf(searchedSize, "entry")} of the log`
      : `These are the first matches; there were more among the first ${countOf(searchedSize, "entry")} of the log`,
  ];
}

function witnessLine({ policyFrom, witnesses, required, reached }: Witnessing): string {
  const stated = policyFrom === "file";
  const whose = stated ? "that the file states" : "of the policy";
  const cosigned = witnesses.flatMap(({ name, cosignedAtSeconds }) =>
    cosignedAtSeconds === undefined ? [] : [`${printable(name)} (${timeOf(cosignedAtSeconds)})`],
  );
  if (witnesses.length === 0)
    return `There are no witnesses in the policy${stated ? " that the file states" : ""}`;
  if (cosigned.length === 0) return `No witness ${whose} cosigned the checkpoint`;
  const quorum = required && !reached ? ": fewer than its policy asks for" : "";
  return `Cosigned by ${stated ? "witnesses that the file states, " : ""}${cosigned.join(", ")}${quorum}`;
}

function timeOf(seconds: number): string {
  const ms = seconds * 1000;
  // Later than a date can be: of a witness whose clock is wrong.
  return ms <= 8.64e15 ? new Date(ms).toISOString() : `second ${seconds}`;
}
