/** The ranges that one click gives, as `from` of the URL; the last one is without a bound. */
export const RELATIVE_RANGES = [
  { from: "-15m", label: "Last 15 minutes", short: "15 min" },
  { from: "-1h", label: "Last hour", short: "1 h" },
  { from: "-24h", label: "Last 24 hours", short: "24 h" },
  { from: "-7d", label: "Last 7 days", short: "7 d" },
  { from: "-30d", label: "Last 30 days", short: "30 d" },
  { from: undefined, label: "All time", short: "All" },
] as const;

const DISTANCE = /^-0*(\d{1,9})([smhdw])$/;
const UNIT_NAMES = new Map([
  ["s", "second"],
  ["m", "minute"],
  ["h", "hour"],
  ["d", "day"],
  ["w", "week"],
]);

/** `Last 2 hours` for `-2h`; undefined for what is no distance into the past. */
export function distanceLabel(text: string): string | undefined {
  const [, count = "", unit = ""] = DISTANCE.exec(text) ?? [];
  const name = UNIT_NAMES.get(unit);
  if (name === undefined) return undefined;
  const known = RELATIVE_RANGES.find(({ from }) => from === text);
  return known?.label ?? (count === "1" ? `Last ${name}` : `Last ${count} ${name}s`);
}
