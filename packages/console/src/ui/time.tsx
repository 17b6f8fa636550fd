import { visibleBeginning } from "./foreign.tsx";
import { formatTime, zoneOffset } from "./format-time.ts";
import { useTimeZone } from "./time-zone.tsx";

interface TimeProps {
  /** RFC 3339. */
  readonly value: string;
  /** With `UTC` or the offset behind it. Where a whole column is of one zone its head says so instead. */
  readonly withZone?: boolean;
  /** Without the milliseconds. */
  readonly seconds?: boolean;
}

/** A time in the zone that was chosen; in UTC when pointed at. */
export function Time({ value, withZone = false, seconds = false }: TimeProps) {
  const { zone } = useTimeZone();
  const ms = Date.parse(value);
  const iso = visibleBeginning(value, 50);
  const text = seconds ? formatTime(ms, zone).slice(0, 19) : formatTime(ms, zone);
  return (
    <time dateTime={iso} title={iso} className="tabular">
      {text}
      {withZone && ` ${zoneOffset(ms, zone)}`}
    </time>
  );
}
