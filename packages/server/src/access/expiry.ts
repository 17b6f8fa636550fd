import { parseTime } from "@stele/query";

const DISTANCE_MS: Readonly<Record<string, number>> = { m: 60e3, h: 3600e3, d: 86_400e3, w: 604_800e3 };
/** RFC 3339 has no later years. */
const END_MS = Date.UTC(10_000, 0, 1);

/**
 * When a token is to expire, as a person says it: a distance from now (`90m`, `8h`, `90d`, `4w`), or an RFC 3339 date (its midnight in
 * UTC) or time. Undefined if the text is none of them, or is not in the time to come.
 */
export function parseExpiry(text: string, nowMs: number): Date | undefined {
  const [, count, unit] = /^([0-9]{1,6})([mhdw])$/.exec(text) ?? [];
  // What is behind now is refused below, so distances into the past are, too.
  const ms = count === undefined ? parseTime(text, nowMs) : nowMs + Number(count) * DISTANCE_MS[unit!]!;
  return ms !== undefined && ms > nowMs && ms < END_MS ? new Date(ms) : undefined;
}
