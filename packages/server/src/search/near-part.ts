import type { Order } from "./cursor.ts";
import type { IndexView, Part } from "./index-view.ts";
import type { Segment } from "./segment.ts";

/** Entries `[from, to)` that are left to search, from the end where `order` begins. There is one at least. */
export interface Rest {
  readonly from: number;
  readonly to: number;
  readonly order: Order;
}

/**
 * The part at the near end of what is left: a hot chunk, or up to `segmentsMax` segments that can have hits. Segments
 * that can't are inside its range if they lie before, between or, when there is nothing else, behind them.
 */
export function nearPart(
  { segments, chunks, sealedSize }: IndexView,
  { from, to, order }: Rest,
  canHaveHits: (segment: Segment) => boolean,
  segmentsMax: number,
): Part {
  const newest = order === "newest";
  if (newest ? to > sealedSize : from >= sealedSize) {
    const chunk = newest
      ? chunks.findLast(({ start }) => start < to)!
      : chunks.find(({ end }) => end > from)!;
    const start = Math.max(from, sealedSize, chunk.start);
    return { start, end: Math.min(to, chunk.end), sealedSize, segments: [], chunks: [chunk] };
  }
  const inRange = segments.filter(({ start, end }) => start < to && end > from);
  const near = newest ? inRange.toReversed() : inRange;
  const possible = near.filter(canHaveHits);
  const searched = possible.slice(0, segmentsMax);
  const far = possible.length > searched.length ? searched.at(-1)! : near.at(-1)!;
  return {
    start: newest ? Math.max(from, far.start) : from,
    end: newest ? to : Math.min(to, far.end),
    sealedSize,
    segments: searched,
    chunks: [],
  };
}
