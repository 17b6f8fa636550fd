import { RefusedError, type EventProblem } from "./errors.ts";
import type { EventInput } from "./event.ts";

/**
 * The events as lines of JSON, each with an id. Text stays as it is, but for line breaks between its tokens.
 *
 * @throws RefusedError `event_invalid` for text that is not JSON, or has the id null (it could be stored twice)
 */
export function formatEvents(events: readonly (EventInput | string)[], makeId: () => string): string[] {
  const problems: EventProblem[] = [];
  const lines = events.map((event, position) => {
    if (typeof event !== "string") {
      const { id, ...rest } = event;
      return JSON.stringify({ id: id ?? makeId(), ...rest });
    }
    const line = event.replaceAll(/[\r\n]/g, " ");
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      problems.push({ position, path: "", reason: `is not JSON: ${reason}` });
      return line;
    }
    // What is no event at all, the node refuses.
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return line;
    if (!("id" in parsed)) return withId(line, makeId());
    if (parsed.id === null) {
      problems.push({ position, path: "/id", reason: "is null: leave it out, or give one" });
    }
    return line;
  });
  if (problems.length === 0) return lines;
  const { position, path, reason } = problems[0]!;
  throw new RefusedError("event_invalid", `Event ${position}${path && ` ${path}`} ${reason}`, { problems });
}

function withId(object: string, id: string): string {
  return object.replace(/^\s*\{(\s*\})?/, (_, empty) => `{"id":"${id}"${empty === undefined ? "," : "}"}`);
}
