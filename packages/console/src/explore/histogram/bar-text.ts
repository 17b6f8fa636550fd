import type { CountsOverTime } from "@stele/client";
import { formatCount } from "../../ui/format-number.ts";
import { formatTime, zoneOffset } from "../../ui/format-time.ts";
import { visibleBeginning } from "../../ui/foreign.tsx";
import { layerLabel, type Layer } from "./stack.ts";

/** `2026-01-31 12:00:00 – 13:00:00 UTC`. Milliseconds only where bars are that narrow. */
export function spanText(fromMs: number, toMs: number, zone: string): string {
  const length = fromMs % 1_000 === 0 && toMs % 1_000 === 0 ? 19 : 23;
  const from = formatTime(fromMs, zone).slice(0, length);
  const to = formatTime(toMs, zone).slice(0, length);
  const end = from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to;
  return `${from} – ${end} ${zoneOffset(fromMs, zone)}`;
}

/** A bar in words. */
export function barText(
  { buckets, intervalMs }: CountsOverTime,
  layers: readonly Layer[],
  bucket: number,
  zone: string,
): string {
  const { startMs, count } = buckets[bucket]!;
  const parts = layers
    .map((layer) => ({ layer, n: countOfLayer(layers, layer, bucket) }))
    .filter(({ n }) => n > 0 && layers.length > 1)
    .map(({ layer, n }) => `${visibleBeginning(layerLabel(layer), 200)} ${formatCount(n)}`);
  const split = parts.length > 0 ? `: ${parts.join(", ")}` : "";
  return `${spanText(startMs, startMs + intervalMs, zone)}, ${formatCount(count)} ${count === 1 ? "event" : "events"}${split}`;
}

/** How many hits of a bar are in the layer. */
export function countOfLayer(layers: readonly Layer[], layer: Layer, bucket: number): number {
  const below = layers[layers.indexOf(layer) - 1];
  return (layer.tops[bucket] ?? 0) - (below?.tops[bucket] ?? 0);
}
