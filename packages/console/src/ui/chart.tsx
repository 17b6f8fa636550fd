import { useEffect, useRef } from "react";
import UPlot, { type AlignedData, type Options } from "uplot";
import "uplot/dist/uPlot.min.css";
import classes from "./chart.module.css";

interface ChartProps {
  /** Without a size: the chart is as wide as its place. Made once for as long as it is the same object: keep it in `useMemo`. */
  readonly options: Omit<Options, "width" | "height">;
  readonly data: AlignedData;
  readonly height: number;
  /** What a reader who can't see it is told: what is drawn, and its range. The numbers belong into a table beside it. */
  readonly label: string;
}

/** A uPlot chart: drawn on a canvas, so that thousands of points cost one frame. */
export function Chart({ options, data, height, label }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const newest = useRef({ data, height });

  useEffect(() => {
    newest.current = { data, height };
  }, [data, height]);

  useEffect(() => {
    const element = place.current!;
    const made = new UPlot(
      { ...options, width: element.clientWidth, height: newest.current.height },
      newest.current.data,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => {
      const size = { width: element.clientWidth, height: newest.current.height };
      // It is told of the first size as well, which the chart has already: drawing it twice costs a frame.
      if (size.width !== made.width || size.height !== made.height) made.setSize(size);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [options]);

  useEffect(() => plot.current?.setData(data), [data]);

  return <div ref={place} role="img" aria-label={label} className={classes["chart"]} style={{ height }} />;
}
