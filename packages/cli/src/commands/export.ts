import { CSV_HEADER, csvRow } from "@stele/client";
import { InvalidArgumentError } from "commander";
import type { AddCommand } from "../command.ts";
import { UsageError } from "../cli-error.ts";
import { countOf } from "../count.ts";
import { positiveNumber, verifierKey } from "../option-values.ts";
import { pointingAtMistakes, queryOf } from "../query-words.ts";
import type { Session } from "../session.ts";
import { printEvidence } from "../verified-evidence.ts";
import { writeWholeFile } from "../whole-file.ts";

interface ExportFlags {
  readonly query?: string;
  readonly from?: string;
  readonly to?: string;
  readonly evidence?: boolean;
  readonly format: "ndjson" | "csv";
  readonly limit?: number;
  readonly output: string;
  readonly key?: string;
}

const PAGE_EVENTS = 1_000;

export const addExport: AddCommand = (program, run) => {
  program
    .command("export")
    .summary("write the events that a query finds to a file, with their proof if wanted")
    .description(
      "Writes events to a file that appears complete or not at all. With --evidence: an evidence bundle, which “stele verify FILE” and the page of “stele verifier” check without the node. The query is that of “stele search”.",
    )
    .argument("[query...]", "what to look for; everything unless told")
    .option("--query <query>", "the same, as one text")
    .option("--from <time>", "only events from this time on (occurred_at): a date, a time, or -24h")
    .option("--to <time>", "only events before this time")
    .option("--evidence", "with everything that proves that the log has them")
    .option("--format <format>", "without --evidence: ndjson or csv", exportFormat, "ndjson")
    .option("--limit <n>", "only the first so many; all unless told", positiveNumber)
    .requiredOption("-o, --output <file>", "where to; - for the standard output")
    .option(
      "--key <vkey>",
      "the log's key, to check the bundle with; what the node says unless told",
      verifierKey,
    )
    .allowUnknownOption()
    .action(run(exportEvents));
};

function exportFormat(text: string): "ndjson" | "csv" {
  if (text === "ndjson" || text === "csv") return text;
  throw new InvalidArgumentError("It is ndjson or csv.");
}

async function exportEvents(session: Session, words: readonly string[], flags: ExportFlags): Promise<void> {
  if (flags.evidence && flags.format !== "ndjson") throw new UsageError("--evidence has a format of its own");
  const query = [
    flags.query ?? "",
    queryOf(words),
    ...(flags.from === undefined ? [] : [`after:${timeText(flags.from)}`]),
    ...(flags.to === undefined ? [] : [`before:${timeText(flags.to)}`]),
  ]
    .filter((part) => part !== "")
    .join(" ");
  await pointingAtMistakes(query, () =>
    flags.evidence ? exportEvidence(session, query, flags) : exportPlain(session, query, flags),
  );
}

/** In quotes, whatever it is, it is one value of the query. */
function timeText(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}

async function exportEvidence(
  session: Session,
  query: string,
  { output, limit, key }: ExportFlags,
): Promise<void> {
  const { verifyEvidenceFile, defaultStateDirectory } = await import("@stele/server");
  const client = session.client();
  const { signal } = session;
  const bytes = await client.evidence(query, { signal, ...(limit !== undefined && { limit }) });
  const vkey = key ?? (await client.info({ signal })).vkey;
  const report = await verifyEvidenceFile(output, bytes, {
    key: vkey,
    stateDirectory: defaultStateDirectory(),
  });
  await writeWholeFile(output, (write) => write(bytes));
  if (output === "-") return;
  if (session.json) {
    const { treeSize, origin, checked, evidence } = report;
    await session.printJson({
      file: output,
      entries: checked.entries,
      bytes: bytes.length,
      tree_size: treeSize,
      origin,
      all_matches: evidence.declared.allMatches,
    });
    return;
  }
  if (key === undefined) await session.remark(`The key is the node's own word: ${vkey}.`);
  await session.print(
    `${output} proves that ${countOf(report.checked.entries, "event")} ${report.checked.entries === 1 ? "is" : "are"} in the log ${report.origin} of ${countOf(report.treeSize, "entry")}.`,
  );
  await printEvidence(session, report);
}

async function exportPlain(
  session: Session,
  query: string,
  { output, limit = Infinity, format }: ExportFlags,
): Promise<void> {
  const client = session.client();
  let written = 0;
  await writeWholeFile(output, async (write) => {
    if (format === "csv") await write(CSV_HEADER);
    let cursor: string | undefined;
    do {
      const page = await client.searchPage(query, {
        order: "oldest",
        pageSize: Math.min(PAGE_EVENTS, limit - written),
        signal: session.signal,
        ...(cursor !== undefined && { cursor }),
      });
      const lines = page.events.map((event) =>
        format === "csv" ? csvRow(event) : `${JSON.stringify(event)}\n`,
      );
      if (lines.length > 0) await write(lines.join(""));
      written += page.events.length;
      cursor = page.nextCursor;
    } while (cursor !== undefined && written < limit);
  });
  if (output === "-") return;
  if (session.json) await session.printJson({ file: output, entries: written });
  else await session.print(`${output} has ${countOf(written, "event")}, without a proof.`);
}
