export const RANGES = ["1h", "6h", "24h", "7d", "30d"] as const;

/** What the URL of the health page says. */
export interface HealthSearch {
  /** How far back the histories go. */
  readonly range?: (typeof RANGES)[number];
}

/** Keeps of a URL what is understood. */
export function healthSearch({ range }: Record<string, unknown>): HealthSearch {
  const known = RANGES.find((one) => one === range);
  return known === undefined ? {} : { range: known };
}
