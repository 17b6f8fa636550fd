/** Of what is on the page: it is no longer how things are. Unix milliseconds. */
export interface Staleness {
  /** When what is shown was so. */
  readonly asOfMs: number;
  /** Since when the node gives nothing newer. */
  readonly sinceMs: number;
}

/** Asked every five seconds, a node that says nothing for so long does not answer. */
const SILENT_MS = 20_000;

export interface Freshness {
  readonly nowMs: number;
  /** When the node answered last. */
  readonly answeredMs: number;
  /** When the first request failed since then. */
  readonly failedMs: number | undefined;
}

/** Undefined while it is fresh. A node that hangs does not even fail, so silence counts, too. */
export function stalenessOf({ nowMs, answeredMs, failedMs }: Freshness): Staleness | undefined {
  if (failedMs !== undefined) return { asOfMs: answeredMs, sinceMs: failedMs };
  return nowMs - answeredMs > SILENT_MS ? { asOfMs: answeredMs, sinceMs: answeredMs } : undefined;
}
