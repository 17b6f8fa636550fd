import type { Source } from "@stele/client";

/** What is wrong with a source. */
export interface SourceState {
  readonly source: Source;
  readonly hasGaps: boolean;
  /** It declared a heartbeat and has not kept to it. */
  readonly isSilent: boolean;
  readonly hasDuplicates: boolean;
  /** How long ago it sent something: milliseconds. */
  readonly quietMs: number;
}

/** @param nowMs when this was asked for: Unix milliseconds */
export function sourceState(source: Source, nowMs: number): SourceState {
  const quietMs = Math.max(0, nowMs - Date.parse(source.lastAt));
  return {
    source,
    hasGaps: source.gapCount > 0,
    isSilent: source.heartbeatSeconds > 0 && quietMs > source.heartbeatSeconds * 1000,
    hasDuplicates: source.duplicates > 0,
    quietMs,
  };
}

/** Those with problems first, the worst of them first; then by id. */
export function byProblem(a: SourceState, b: SourceState): number {
  return (
    rank(b) - rank(a) ||
    b.source.missing - a.source.missing ||
    (a.source.id < b.source.id ? -1 : Number(a.source.id > b.source.id))
  );
}

function rank({ hasGaps, isSilent, hasDuplicates }: SourceState): number {
  return Number(hasGaps) * 4 + Number(isSilent) * 2 + Number(hasDuplicates);
}

/** `2–8, 11 and 3 more`: the first missing numbers. */
export function gapRanges({ gaps, gapCount }: Pick<Source, "gaps" | "gapCount">, most: number): string {
  const shown = gaps
    .slice(0, most)
    .map(({ from, to }) => (from === to ? String(from) : `${from}–${to}`))
    .join(", ");
  const left = gapCount - Math.min(gaps.length, most);
  return left > 0 ? `${shown} and ${left} more` : shown;
}
