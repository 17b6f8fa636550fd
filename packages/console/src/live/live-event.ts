import type { LogEntry, Party } from "@stele/client";
import { beginningOf } from "../ui/foreign.tsx";

/** What a row shows of an event. Thousands are kept, and an event can have 64 KiB: the rest of it is not kept. */
export interface LiveEvent {
  /** The leaf index. */
  readonly index: number;
  readonly occurredAt: string;
  readonly receivedAt: string;
  readonly outcome: string;
  readonly actor: string;
  readonly action: string;
  readonly targets: string;
}

const TEXT_LENGTH_MAX = 200;
const TARGETS_MAX = 10;

export function liveEvent({ index, entry }: LogEntry): LiveEvent {
  const { occurred_at, received_at, outcome, actor, action, targets = [] } = entry;
  return {
    index,
    occurredAt: brief(occurred_at),
    receivedAt: brief(received_at),
    outcome: brief(outcome),
    actor: brief(nameOf(actor)),
    action: brief(action),
    targets: brief(targetsText(targets)),
  };
}

function targetsText(targets: readonly Party[]): string {
  const names = targets.slice(0, TARGETS_MAX).map(nameOf).join(", ");
  const more = targets.length - TARGETS_MAX;
  return more > 0 ? `${names} and ${more} more` : names;
}

/** As people call it, and the id, which says who it is: anybody may have any name. */
function nameOf({ name, id }: Party): string {
  return name === undefined || name === id ? id : `${name} (${id})`;
}

function brief(text: string): string {
  if (text.length <= TEXT_LENGTH_MAX) return text;
  // Written anew: a part of a text keeps the whole of it in memory.
  return JSON.parse(JSON.stringify(beginningOf(text, TEXT_LENGTH_MAX))) as string;
}
