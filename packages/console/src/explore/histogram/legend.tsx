import { Foreign } from "../../ui/foreign.tsx";
import { formatCompact, formatCount } from "../../ui/format-number.ts";
import { layerLabel, type Layer } from "./stack.ts";
import classes from "./histogram.module.css";

interface LegendProps {
  readonly layers: readonly Layer[];
  readonly colors: readonly string[];
}

/** Which colour is which value, with its count over all bars. */
export function Legend({ layers, colors }: LegendProps) {
  return (
    // It scrolls if there are many, and the keyboard has to reach those, too.
    <ul
      className={classes["legend"]}
      aria-label="Values in the histogram"
      tabIndex={layers.length > 1 ? 0 : -1}
    >
      {layers.map((layer, i) => (
        <li key={layer.value} className={classes["value"]} title={formatCount(layer.count)}>
          <span className={classes["swatch"]} style={{ background: colors[i] }} aria-hidden />
          <span className={classes["name"]}>
            <Foreign text={layerLabel(layer)} lengthMax={200} />
          </span>
          <span className="tabular">{formatCompact(layer.count)}</span>
        </li>
      ))}
    </ul>
  );
}
