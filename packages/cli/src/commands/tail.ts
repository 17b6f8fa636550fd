import type { TailOptions } from "@stele/client";
import type { AddCommand } from "../command.ts";
import { EventTable } from "../event-table.ts";
import { pointingAtMistakes, queryOf } from "../query-words.ts";
import type { Session } from "../session.ts";
import { wholeNumber } from "../option-values.ts";

export const addTail: AddCommand = (program, run) => {
  program
    .command("tail")
    .summary("follow the log")
    .description(
      "Shows events as they are committed, until Ctrl-C. Waits for a node that is gone, and misses nothing.",
    )
    .argument("[query...]", "which events; all unless told")
    .option("--from <index>", "begin with this index; with what comes next unless told", wholeNumber)
    .allowUnknownOption()
    .action(run(tail));
};

async function tail(
  session: Session,
  words: readonly string[],
  { from }: { readonly from?: number },
): Promise<void> {
  const query = queryOf(words);
  const client = session.client();
  const { signal } = session;
  try {
    const begin = from ?? (await client.info({ signal })).treeSize;
    const table = new EventTable(session.out);
    if (!session.json) await session.out.write(table.rows([]));
    // From here on somebody waits on purpose.
    const patience = { attemptsMax: Infinity, timeoutMs: Infinity, ...remarks(session) };
    await pointingAtMistakes(query, async () => {
      for await (const event of client.tail(query, { from: begin, signal, ...patience })) {
        if (session.json) await session.printJson(event);
        else await session.out.write(table.rows([event]));
      }
    });
  } catch (error) {
    if (!signal.aborted) throw error; // Ctrl-C is how it ends.
  }
}

/** Says why nothing comes: each reason once, until something comes again. */
function remarks(session: Session): Pick<TailOptions, "onOpened" | "onRetry"> {
  let told = "";
  return {
    onOpened: () => (told = ""),
    onRetry: ({ message }) => {
      if (message === told) return;
      told = message;
      void session.remark(`Not following: ${message}. It is tried again until it works.`);
    },
  };
}
