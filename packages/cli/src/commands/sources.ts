import type { Source } from "@stele/client";
import { InvalidArgumentError } from "commander";
import type { AddCommand } from "../command.ts";
import { countOf, formatCount } from "../count.ts";
import { printable } from "../printable.ts";
import { duration } from "../serve-options.ts";
import type { Session } from "../session.ts";

/** A longer one is no declaration (docs/spec/sources.md, S8). */
const HEARTBEAT_MAX_MS = 31_622_400_000;

function heartbeatMs(text: string): number {
  const ms = duration(text);
  if (ms <= HEARTBEAT_MAX_MS) return ms;
  throw new InvalidArgumentError("It is 366d at most.");
}

interface ListFlags {
  readonly id?: string;
  readonly incomplete?: boolean;
}

export const addSources: AddCommand = (program, run) => {
  const sources = program
    .command("sources")
    .summary("what each source has sent, and what is missing")
    .description(
      "What each source of the log has sent, and what is missing: gaps in its numbers, duplicates, silence. A source is what events name in source.id and number in source.seq (docs/spec/sources.md).",
    );
  sources
    .command("list", { isDefault: true })
    .summary("the sources of the log")
    .option("--id <source>", "only this one")
    .option("--incomplete", "only those with gaps or duplicates, or that are silent")
    .action(run(list));
  sources
    .command("declare")
    .summary("declare how often a source sends something at least")
    .argument("<id>", "the source")
    .requiredOption("--heartbeat <time>", "such as 60s, a year at most; 0s ends the declaration", heartbeatMs)
    .action(run(declare));
};

async function list(session: Session, { id, incomplete }: ListFlags): Promise<void> {
  const client = session.client();
  let after: string | undefined;
  let shown = 0;
  do {
    const page = await client.sources({
      signal: session.signal,
      ...(id !== undefined && { id }),
      ...(after !== undefined && { after }),
    });
    for (const source of page.sources) {
      const remarks = remarksOf(source);
      if (incomplete && remarks.length === 0) continue;
      shown++;
      if (session.json) await session.printJson({ tree_size: page.treeSize, ...source });
      else await show(session, source, remarks);
    }
    if (page.nextAfter === undefined && page.unfollowedEntries > 0) {
      await session.remark(
        `There are more sources than are followed: ${countOf(page.unfollowedEntries, "entry")} of theirs.`,
      );
    }
    after = page.nextAfter;
  } while (after !== undefined);
  if (shown === 0 && !session.json) await session.remark(noneShown(id, incomplete));
}

function noneShown(id: string | undefined, incomplete = false): string {
  if (incomplete) return "Nothing is missing.";
  return id === undefined ? "No event names a source." : `No event names the source ${printable(id)}.`;
}

async function show(session: Session, source: Source, remarks: readonly string[]): Promise<void> {
  const { out } = session;
  const { id, entries, watermark, lastAt } = source;
  const upTo = watermark === undefined ? "not numbered" : `complete up to ${formatCount(watermark)}`;
  await session.print(
    `${out.style("bold", printable(id))}  ${countOf(entries, "entry")}, ${upTo}, last ${printable(lastAt)}`,
  );
  for (const remark of remarks) await session.print(`  ${out.style("yellow", printable(remark))}`);
}

function remarksOf({
  missing,
  gapCount,
  gaps,
  duplicates,
  duplicateIndexes,
  isTruncated,
  ...source
}: Source) {
  const remarks: string[] = [];
  if (gapCount > 0) {
    const ranges = gaps.slice(0, 5).map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`));
    const more = gapCount > ranges.length ? ", …" : "";
    remarks.push(
      `${formatCount(missing)} missing in ${countOf(gapCount, "gap")}: ${ranges.join(", ")}${more}`,
    );
  }
  if (duplicates > 0) {
    remarks.push(`${countOf(duplicates, "duplicate")}: entries ${duplicateIndexes.join(", ")}`);
  }
  const { heartbeatSeconds, lastAt } = source;
  const silentSeconds = Math.round((Date.now() - Date.parse(lastAt)) / 1000);
  if (heartbeatSeconds > 0 && silentSeconds > heartbeatSeconds)
    remarks.push(`silent for ${silentSeconds} s; it declared ${heartbeatSeconds} s`);
  if (isTruncated) remarks.push("there are too many gaps to tell all");
  return remarks;
}

async function declare(
  session: Session,
  id: string,
  { heartbeat }: { readonly heartbeat: number },
): Promise<void> {
  const seconds = Math.ceil(heartbeat / 1000);
  const { receipts } = await session.client().append(
    [
      {
        action: "stele.source.declared",
        actor: { type: "service", id },
        source: { id },
        outcome: "success",
        metadata: { heartbeat_seconds: seconds },
      },
    ],
    { signal: session.signal },
  );
  const { index } = receipts[0]!;
  if (session.json) await session.printJson({ id, heartbeat_seconds: seconds, index });
  else
    await session.print(
      seconds === 0
        ? `The source ${printable(id)} declares no heartbeat any more (entry ${index}).`
        : `The source ${printable(id)} declares a heartbeat of ${seconds} s (entry ${index}).`,
    );
}
