import { formatTime } from "../../ui/format-time.ts";

const LOCAL_TIME = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::(\d{2})(?:\.\d+)?)?$/;

/** A time as `<input type="datetime-local" step="1">` has it, on the clocks of a zone: `2026-01-31T12:00:00`. */
export function localTimeText(ms: number, zone: string): string {
  return formatTime(ms, zone).slice(0, 19).replace(" ", "T");
}

/**
 * The time at which the clocks of the zone show `text`. Of two such times, when clocks are put back, the earlier one; where
 * clocks skip it, the time that they would have shown without. Undefined for what is no time.
 */
export function parseLocalTime(text: string, zone: string): number | undefined {
  const [, date, minutes, seconds = "00"] = LOCAL_TIME.exec(text) ?? [];
  if (date === undefined) return undefined;
  const asUtc = Date.parse(`${date}T${minutes}:${seconds}Z`);
  if (Number.isNaN(asUtc)) return undefined;
  // The offset is that of a time nearby: clocks change by less than a day, and not twice in two.
  const [before, after] = [asUtc - DAY_MS, asUtc + DAY_MS].map((near) => asUtc - offsetMs(near, zone));
  const candidates = [before!, after!].toSorted((a, b) => a - b);
  return candidates.find((ms) => ms + offsetMs(ms, zone) === asUtc) ?? before;
}

const DAY_MS = 86_400_000;

/** How far the clocks of the zone are ahead of UTC. */
function offsetMs(ms: number, zone: string): number {
  return Date.parse(`${formatTime(ms, zone).replace(" ", "T")}Z`) - ms;
}
