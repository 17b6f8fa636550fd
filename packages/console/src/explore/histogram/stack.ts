import type { CountsOverTime } from "@stele/client";

/** The node's name for the hits of all other values, and of none. */
export const OTHER = "other";

export interface Layer {
  readonly value: string;
  /** Whether it is the rest, and not a value. */
  readonly isRest: boolean;
  /** Of all buckets together. */
  readonly count: number;
  /** Of each bucket: the top edge of this layer, that is its count and those of the layers below it. */
  readonly tops: readonly number[];
}

/** The layers that bars are made of, the lowest first. Counts that aren't split are one layer, named `events`. */
export function stack({ buckets, values }: CountsOverTime): Layer[] {
  const hasRest = buckets.some(({ counts }) => counts.has(OTHER)) && !values.includes(OTHER);
  const isSplit = values.length > 0 || hasRest;
  if (!isSplit)
    return [
      layer(
        "events",
        false,
        buckets.map(({ count }) => count),
        undefined,
      ),
    ];
  const layers: Layer[] = [];
  for (const value of hasRest ? [...values, OTHER] : values) {
    const counts = buckets.map((bucket) => bucket.counts.get(value) ?? 0);
    layers.push(layer(value, hasRest && value === OTHER, counts, layers.at(-1)));
  }
  return layers;
}

function layer(value: string, isRest: boolean, counts: readonly number[], below: Layer | undefined): Layer {
  return {
    value,
    isRest,
    count: counts.reduce((sum, count) => sum + count, 0),
    tops: counts.map((count, i) => count + (below?.tops[i] ?? 0)),
  };
}

/** What a legend says. */
export function layerLabel({ value, isRest }: Layer): string {
  return isRest ? "all others and none" : value;
}
