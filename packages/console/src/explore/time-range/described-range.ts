import { parseTime } from "@stele/query";
import { formatTime, zoneOffset } from "../../ui/format-time.ts";
import { distanceLabel, RELATIVE_RANGES } from "./relative-ranges.ts";

/** A time range, as `from` and `to` of the URL have it. */
export interface RangeTexts {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface DescribedRange {
  /** For a button: `Last 24 hours`. */
  readonly label: string;
  /** What it means now, as absolute times in the zone: `2026-01-30 12:00:00 to now, UTC`. */
  readonly meaning: string;
}

const ALL = RELATIVE_RANGES.at(-1)!.label;

/** @param zone an IANA name */
export function describeRange({ from, to }: RangeTexts, nowMs: number, zone: string): DescribedRange {
  const fromMs = from === undefined ? undefined : parseTime(from, nowMs);
  const toMs = to === undefined ? undefined : parseTime(to, nowMs);
  const time = (ms: number) => formatTime(ms, zone).slice(0, 19);
  // The offset at both ends, where daylight saving time lies in between.
  const offsets = [fromMs, toMs].flatMap((ms) => (ms === undefined ? [] : [zoneOffset(ms, zone)]));
  const zones = [...new Set(offsets.length > 0 ? offsets : [zoneOffset(nowMs, zone)])].join(" and ");

  if (fromMs === undefined && toMs === undefined) return { label: ALL, meaning: "everything in the log" };
  const end = toMs === undefined ? "now" : time(toMs);
  const meaning =
    fromMs === undefined ? `everything before ${end}, ${zones}` : `${time(fromMs)} to ${end}, ${zones}`;
  const distance = to === undefined && from !== undefined ? distanceLabel(from) : undefined;
  return { label: distance ?? absoluteLabel(fromMs, toMs, time), meaning };
}

function absoluteLabel(
  fromMs: number | undefined,
  toMs: number | undefined,
  time: (ms: number) => string,
): string {
  if (fromMs === undefined) return toMs === undefined ? ALL : `Before ${time(toMs)}`;
  return toMs === undefined ? `Since ${time(fromMs)}` : `${time(fromMs)} – ${time(toMs)}`;
}
