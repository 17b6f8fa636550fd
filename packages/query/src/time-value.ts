const UNITS_MS: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3, w: 604_800e3 };

const RELATIVE = /^-([0-9]{1,9})([smhdw])$/;
const ABSOLUTE =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$/;

/** The years that an entry's times can have. */
const EARLIEST_MS = 0;
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * Milliseconds since 1970 of an RFC 3339 date-time (digits behind the milliseconds are cut, as in an entry), of an RFC
 * 3339 date (its midnight in UTC), or of a distance into the past, `-30m`. Undefined if the text is none of them, or
 * names a day or a time of day that doesn't exist. Times outside 1970–9999 become the nearest inside.
 *
 * @param nowMs The time that distances are counted from.
 */
export function parseTime(text: string, nowMs: number): number | undefined {
  const relative = RELATIVE.exec(text);
  if (relative !== null) {
    const [, count = "", unit = ""] = relative;
    return withinYears(nowMs - Number(count) * (UNITS_MS[unit] ?? 0));
  }
  const absolute = ABSOLUTE.exec(text);
  if (absolute === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = absolute
    .slice(1, 7)
    .map((s) => Number(s ?? 0));
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const ms = Number((absolute[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  if (local.getUTCMonth() !== month - 1 || local.getUTCDate() !== day) return undefined;
  const offset = offsetMinutes(absolute[8]);
  if (offset === undefined) return undefined;
  return withinYears(local.setUTCHours(hour, minute, second, ms) - offset * 60_000);
}

function offsetMinutes(text = "Z"): number | undefined {
  if (text === "Z" || text === "z") return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(4));
  if (hours > 23 || minutes > 59) return undefined;
  return (text.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

function withinYears(ms: number): number {
  return Math.trunc(Math.max(EARLIEST_MS, Math.min(LATEST_MS, ms)));
}
