/**
 * A length of time for people, in the largest two units that it has: `3 d 4 h`, `20 h 25 min`, `12 s`. Less than a second is `0 s`:
 * what alarms tell of is longer.
 *
 * @param ms milliseconds, not negative
 */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const units = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const largest = units.findIndex(([count]) => count > 0);
  if (largest < 0) return "0 s";
  return units
    .slice(largest, largest + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}
