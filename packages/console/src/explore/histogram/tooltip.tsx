import { Foreign } from "../../ui/foreign.tsx";
import { formatCount } from "../../ui/format-number.ts";
import { countOfLayer, spanText } from "./bar-text.ts";
import { layerLabel, type Layer } from "./stack.ts";
import type { SnapshotCounts } from "./use-counts.ts";
import classes from "./histogram.module.css";

interface TooltipProps {
  readonly counts: SnapshotCounts;
  readonly layers: readonly Layer[];
  readonly colors: readonly string[];
  readonly bucket: number;
  readonly zone: string;
}

/** What the bar that is pointed at stands for. On the other side of the chart than the bar. */
export function Tooltip({ counts, layers, colors, bucket, zone }: TooltipProps) {
  const { startMs, count } = counts.buckets[bucket]!;
  const side = bucket < counts.buckets.length / 2 ? classes["right"] : classes["left"];
  return (
    <div className={`${classes["tooltip"]} ${side}`} aria-hidden>
      <div className="tabular">{spanText(startMs, startMs + counts.intervalMs, zone)}</div>
      <strong>{formatCount(count)}</strong> {count === 1 ? "event" : "events"}
      {layers.length > 1 &&
        layers.map((layer, i) => {
          const n = countOfLayer(layers, layer, bucket);
          return n === 0 ? undefined : (
            <div key={layer.value} className={classes["value"]}>
              <span className={classes["swatch"]} style={{ background: colors[i] }} />
              <span className={classes["name"]}>
                <Foreign text={layerLabel(layer)} lengthMax={200} />
              </span>
              <span className="tabular">{formatCount(n)}</span>
            </div>
          );
        })}
    </div>
  );
}
