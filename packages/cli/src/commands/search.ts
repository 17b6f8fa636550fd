import type { AddCommand } from "../command.ts";
import { UsageError } from "../cli-error.ts";
import { EventTable } from "../event-table.ts";
import { formatCount } from "../count.ts";
import { pointingAtMistakes, queryOf } from "../query-words.ts";
import type { Session } from "../session.ts";
import { positiveNumber, wholeNumber } from "../option-values.ts";

interface SearchFlags {
  readonly limit: number;
  readonly order: string;
  readonly minIndex?: number;
  readonly state?: boolean;
}

const PAGE_EVENTS_MAX = 1_000;

export const addSearch: AddCommand = (program, run) => {
  program
    .command("search")
    .summary("find events")
    .description(
      'Finds events. QUERY: actor:alice action:document.* outcome:denied -tenant:acme after:2026-01-01 "free text"',
    )
    .argument("[query...]", "what to look for; everything unless told")
    .option("--limit <n>", "at most so many events", positiveNumber, 50)
    .option("--order <order>", "newest or oldest first", "newest")
    .option("--min-index <index>", "wait until this index is searchable", wholeNumber)
    .option("--state", "show how far each event got: committed, witnessed or sealed")
    .allowUnknownOption()
    .action(run(search));
};

async function search(session: Session, words: readonly string[], flags: SearchFlags): Promise<void> {
  const { limit, order, minIndex, state = false } = flags;
  if (order !== "newest" && order !== "oldest") throw new UsageError("--order is newest or oldest");
  const query = queryOf(words);
  const client = session.client();
  const table = new EventTable(session.out, { withState: state });
  await pointingAtMistakes(query, async () => {
    let shown = 0;
    let cursor: string | undefined;
    do {
      const page = await client.searchPage(query, {
        order,
        pageSize: Math.min(limit - shown, PAGE_EVENTS_MAX),
        signal: session.signal,
        ...(cursor !== undefined && { cursor }),
        ...(minIndex !== undefined && { minIndex }),
      });
      shown += page.events.length;
      cursor = page.nextCursor;
      if (session.json) for (const event of page.events) await session.printJson(event);
      else if (page.events.length > 0) await session.out.write(table.rows(page.events));
    } while (cursor !== undefined && shown < limit);
    if (session.json) return;
    if (shown === 0) await session.remark("No event matches.");
    else if (cursor !== undefined)
      await session.remark(`The first ${formatCount(shown)}; there are more: --limit N`);
  });
}
