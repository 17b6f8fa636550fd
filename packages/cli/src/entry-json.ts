import type { LogEntry } from "@stele/client";
import { printableJson } from "./printable.ts";
import type { Session } from "./session.ts";

/** One event on a line, for programs. On a terminal, what is not a visible character is escaped: the same JSON. */
export async function printEntryJson(session: Session, event: LogEntry): Promise<void> {
  const json = JSON.stringify({ index: event.index, entry: event.entry });
  await session.out.write(`${session.out.isTTY ? printableJson(json) : json}\n`);
}
