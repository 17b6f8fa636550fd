import type { Series } from "uplot";

/** Between two bars, in pixels of the canvas. */
const GAP = 1;

/**
 * Draws one layer of the bars: each from the top of the layer below to its own top, on whole pixels, so that no colour
 * shines through between bars. Of uPlot's own bars each stands on the axis, behind those of the layers below.
 *
 * @param below tops of the layer below; undefined for the lowest
 * @param widthS of a bar, in seconds
 */
export function barPaths(below: readonly number[] | undefined, widthS: number): NonNullable<Series["paths"]> {
  return (plot, series, first, last) => {
    const fill = new Path2D();
    const starts = plot.data[0];
    const tops = plot.data[series]!;
    const x = (seconds: number) => Math.round(plot.valToPos(seconds, "x", true));
    const y = (count: number) => Math.round(plot.valToPos(count, "y", true));
    for (let i = first; i <= last; i++) {
      const bottom = below?.[i] ?? 0;
      const top = tops[i] ?? bottom;
      if (top <= bottom) continue;
      const left = x(starts[i]!);
      const width = Math.max(1, x(starts[i]! + widthS) - left - GAP);
      // What is there is seen, however little it is.
      const height = Math.max(1, y(bottom) - y(top));
      fill.rect(left, y(bottom) - height, width, height);
    }
    return { fill };
  };
}
