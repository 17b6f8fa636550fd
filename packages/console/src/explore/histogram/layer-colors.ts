import { OUTCOME_COLORS } from "../../ui/outcome.tsx";
import type { ChartColors } from "../../ui/chart-colors.ts";
import type { Layer } from "./stack.ts";
import type { Split } from "./split.ts";

const OUTCOMES = new Map<string, string>(Object.entries(OUTCOME_COLORS));

/** The colour of each layer: that of the outcome, gray for the rest, otherwise told apart. */
export function layerColors(layers: readonly Layer[], split: Split, colors: ChartColors): string[] {
  return layers.map(({ value, isRest }, i) => {
    if (isRest) return colors.of("gray");
    if (split === "outcome") return colors.of(OUTCOMES.get(value) ?? "gray");
    return colors.series(i);
  });
}
