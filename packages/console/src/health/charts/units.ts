import { formatBytes, formatCount, formatRate } from "../../ui/format-number.ts";
import { formatDuration } from "../../ui/format-time.ts";

/** What the numbers of a chart are. */
export type Unit = "rate" | "seconds" | "bytes" | "count";

/** As short as an axis needs it, with its unit. Undefined: there is none. */
export function formatValue(value: number | undefined, unit: Unit): string {
  if (value === undefined) return "–";
  switch (unit) {
    case "rate":
      return `${formatRate(value)}/s`;
    case "seconds":
      return formatSeconds(value);
    case "bytes":
      return formatBytes(Math.round(value));
    case "count":
      return formatCount(Math.round(value));
  }
}

function formatSeconds(seconds: number): string {
  if (seconds === 0) return "0 s";
  const ms = seconds * 1000;
  return ms < 10 ? `${ms.toFixed(1)} ms` : formatDuration(ms);
}
