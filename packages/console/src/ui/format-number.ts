const WHOLE = new Intl.NumberFormat("en-US");
const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"] as const;

/** `1,234,567`. */
export function formatCount(count: number): string {
  return WHOLE.format(count);
}

/** `1.2M`, for where there is little room; the whole number goes into the title. */
export function formatCompact(count: number): string {
  return COMPACT.format(count);
}

/** Events, requests, … a second: `0`, `0.4`, `12.3`, `4,567`. */
export function formatRate(perSecond: number): string {
  return perSecond >= 100 || perSecond === 0 ? WHOLE.format(Math.round(perSecond)) : perSecond.toFixed(1);
}

/** In powers of 1,000: `12.3 MB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1_000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`;
}
