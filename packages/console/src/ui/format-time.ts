const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let made = formats.get(zone);
  if (!made) {
    made = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      fractionalSecondDigits: 3,
      hourCycle: "h23",
    });
    formats.set(zone, made);
  }
  return made;
}

/**
 * A time as `2026-01-31 12:00:00.123`, in a zone.
 *
 * @param ms since 1970-01-01T00:00:00Z
 * @param zone an IANA name
 */
export function formatTime(ms: number, zone: string): string {
  if (!Number.isFinite(ms)) return "no time";
  const parts = new Map(
    format(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? "";
  const date = `${part("year")}-${part("month")}-${part("day")}`;
  return `${date} ${part("hour")}:${part("minute")}:${part("second")}.${part("fractionalSecond")}`;
}

/** What the zone is at that time, as `UTC` or `UTC+02:00`. */
export function zoneOffset(ms: number, zone: string): string {
  if (zone === "UTC" || !Number.isFinite(ms)) return "UTC";
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    timeZoneName: "longOffset",
  }).formatToParts(ms);
  return (parts.find(({ type }) => type === "timeZoneName")?.value ?? zone).replace("GMT", "UTC");
}

/** A length of time in the largest two units that it has: `3 d 4 h`, `12 s`, `340 ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
