import type { PlaceState } from "./monitor-state.ts";

/** How a vantage point stands to the largest tree that was seen anywhere. */
export interface Standing {
  readonly state: PlaceState;
  /** Since when it is behind; undefined if it keeps up. Unix milliseconds. */
  readonly behindSinceMs: number | undefined;
}

/**
 * A place keeps up if it gets, in time, to what the largest tree was: it need not ever be the largest, since all are asked at
 * slightly different moments.
 */
export function standingOf(
  before: PlaceState | undefined,
  treeSize: number,
  largestSize: number,
  nowMs: number,
): Standing {
  const largest = Math.max(treeSize, before?.treeSize ?? 0);
  if (treeSize >= largestSize) return { state: { treeSize: largest }, behindSinceMs: undefined };
  const target =
    before?.target && treeSize < before.target.treeSize
      ? before.target
      : { treeSize: largestSize, sinceMs: nowMs };
  return { state: { treeSize: largest, target }, behindSinceMs: target.sinceMs };
}
