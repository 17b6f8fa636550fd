import { useEffect, useMemo, useRef } from "react";
import UPlot, { type Options } from "uplot";
import { Chart } from "../../ui/chart.tsx";
import { useChartColors } from "../../ui/chart-colors.ts";
import { formatCompact } from "../../ui/format-number.ts";
import { useTimeZone } from "../../ui/time-zone.tsx";
import { axisTimes } from "./axis-time.ts";
import { barPaths } from "./bar-paths.ts";
import { bucketAt } from "./bucket-range.ts";
import type { Layer } from "./stack.ts";
import { touchDrag } from "./touch-drag.ts";
import type { SnapshotCounts } from "./use-counts.ts";

export const PLOT_HEIGHT = 150;
/** The width of a date. */
const LABEL_PX = 72;
const FONT = "12px system-ui, sans-serif";
/** A press that moves less is a click. */
const DRAG_PX_MIN = 4;
/** A second click within it makes a double click. */
const DOUBLE_CLICK_MS = 250;

interface HistogramPlotProps {
  readonly counts: SnapshotCounts;
  readonly layers: readonly Layer[];
  readonly colors: readonly string[];
  readonly label: string;
  /** The bar that is pointed at. Must keep its identity, as the two below. */
  readonly onPoint: (bucket: number | undefined) => void;
  /** Bars that were drawn over, or clicked. */
  readonly onPick: (first: number, last: number) => void;
  readonly onLeave: () => void;
}

/** The bars, drawn on a canvas. */
export function HistogramPlot({
  counts,
  layers,
  colors,
  label,
  onPoint,
  onPick,
  onLeave,
}: HistogramPlotProps) {
  const { zone } = useTimeZone();
  const { text, grid } = useChartColors();
  /** Waits whether there is a second one. It outlives a plot that is made anew meanwhile, as new counts do. */
  const click = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(click.current), []);

  const data = useMemo(() => {
    const starts = counts.buckets.map(({ startMs }) => startMs / 1_000);
    return [starts, ...layers.map(({ tops }) => [...tops])] as UPlot.AlignedData;
  }, [counts, layers]);

  const options = useMemo((): Omit<Options, "width" | "height"> => {
    const bucketOf = (plot: UPlot, left: number) => bucketAt(counts, plot.posToVal(left, "x") * 1_000);
    const axis = { stroke: text, font: FONT, ticks: { stroke: grid }, grid: { stroke: grid } };
    return {
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: true, y: false, setScale: false, dist: DRAG_PX_MIN },
        bind: {
          dblclick: () => () => {
            clearTimeout(click.current);
            onLeave();
            return null;
          },
        },
      },
      scales: {
        x: { range: () => xRange(counts) },
        y: { range: (_plot, _least, greatest) => [0, Math.max(1, greatest * 1.05)] },
      },
      axes: [
        {
          ...axis,
          size: 42,
          space: 90,
          grid: { show: false },
          values: ({ scales: { x }, width }, marks, _axis, _space, step) => {
            const { min = 0, max = 0 } = x!;
            // A date that would be cut off at the right is left out.
            const end = max - ((max - min) * LABEL_PX) / 2 / width;
            const texts = axisTimes(
              marks.map((s) => s * 1_000),
              step * 1_000,
              zone,
            );
            return texts.map((time, i) => (marks[i]! > end ? "" : time));
          },
        },
        {
          ...axis,
          size: 52,
          space: 30,
          values: (_plot, marks) => marks.map((n) => (Number.isInteger(n) ? formatCompact(n) : "")),
        },
      ],
      tzDate: (s) => UPlot.tzDate(new Date(s * 1_000), zone),
      series: [
        {},
        ...layers.map((_layer, i) => ({
          fill: colors[i]!,
          width: 0,
          paths: barPaths(layers[i - 1]?.tops, counts.intervalMs / 1_000),
          points: { show: false },
        })),
      ],
      hooks: {
        ready: [
          touchDrag,
          (plot) =>
            // uPlot lets a click through unless it ends a drag.
            plot.over.addEventListener("click", ({ clientX }) => {
              const bucket = bucketOf(plot, clientX - plot.over.getBoundingClientRect().left);
              clearTimeout(click.current);
              if (bucket === undefined) return;
              click.current = setTimeout(() => onPick(bucket, bucket), DOUBLE_CLICK_MS);
            }),
        ],
        setCursor: [
          (plot) => {
            const { left = -1 } = plot.cursor;
            onPoint(left < 0 ? undefined : bucketOf(plot, left));
          },
        ],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            if (width <= 0) return;
            const [first, last] = [bucketOf(plot, left), bucketOf(plot, left + width - 1)];
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            if (first !== undefined && last !== undefined) onPick(first, last);
          },
        ],
      },
    };
  }, [counts, layers, colors, text, grid, zone, onPoint, onPick, onLeave]);

  return <Chart options={options} data={data} height={PLOT_HEIGHT} label={label} />;
}

/** In seconds, all of each bar. */
function xRange({ buckets, intervalMs }: SnapshotCounts): [number, number] {
  const first = buckets[0]?.startMs ?? 0;
  const last = buckets.at(-1)?.startMs ?? first;
  return [first / 1_000, (last + intervalMs) / 1_000];
}
