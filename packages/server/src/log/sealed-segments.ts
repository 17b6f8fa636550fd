import { InvariantError } from "@stele/proof";
import type { Segment } from "../search/segment.ts";

/** The segments of a log as one node knows them, in order and without gaps: what of the log is sealed. */
export class SealedSegments {
  readonly #segments: Segment[];

  constructor(segments: readonly Segment[]) {
    this.#segments = [...segments];
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  /** A tree size: entries below it are in segments. */
  get size(): number {
    return this.#segments.at(-1)?.end ?? 0;
  }

  /** The segment that holds a sealed entry. */
  of(leafIndex: number): Segment {
    const segment = this.#segments.findLast(({ start }) => start <= leafIndex);
    if (!segment || leafIndex >= segment.end) {
      throw new InvariantError("segment_unknown", `Entry ${leafIndex} is not in a segment`);
    }
    return segment;
  }

  /** The next one. */
  add(segment: Segment): void {
    this.#segments.push(segment);
  }
}
