import { useCallback, useState, type KeyboardEvent } from "react";
import { useTimeZone } from "../../ui/time-zone.tsx";
import { barText } from "./bar-text.ts";
import { spanOfBuckets } from "./bucket-range.ts";
import { HistogramPlot } from "./histogram-plot.tsx";
import type { Layer } from "./stack.ts";
import { Tooltip } from "./tooltip.tsx";
import type { SnapshotCounts } from "./use-counts.ts";
import { useZoom } from "./use-zoom.ts";
import classes from "./histogram.module.css";

interface PlotAreaProps {
  readonly counts: SnapshotCounts;
  readonly layers: readonly Layer[];
  readonly colors: readonly string[];
}

/** The plot's left and right edge beside its bars: the axis, and the padding. */
const AXIS_PX = 52;
const PADDING_PX = 8;

/** The bars, with what the mouse, a finger and the keyboard do: arrows move over bars (with Shift, select several), Enter zooms, Esc goes back. */
export function PlotArea({ counts, layers, colors }: PlotAreaProps) {
  const { zone } = useTimeZone();
  const { zoomIn, zoomOut } = useZoom();
  const [pointed, setPointed] = useState<number>();
  /** Of the keyboard: where it is, and where a selection began. */
  const [cursor, setCursor] = useState<{ readonly at: number; readonly from: number }>();
  const last = counts.buckets.length - 1;
  const onPick = useCallback((a: number, b: number) => zoomIn(spanOfBuckets(counts, a, b)), [counts, zoomIn]);

  const move = (event: KeyboardEvent, to: number) => {
    event.preventDefault();
    const at = Math.min(Math.max(to, 0), last);
    setCursor({ at, from: event.shiftKey ? (cursor?.from ?? at) : at });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = Math.min(cursor?.at ?? last, last);
    if (event.key === "ArrowLeft") move(event, at - 1);
    else if (event.key === "ArrowRight") move(event, cursor ? at + 1 : 0);
    else if (event.key === "PageDown") move(event, at + 10);
    else if (event.key === "PageUp") move(event, at - 10);
    else if (event.key === "Home") move(event, 0);
    else if (event.key === "End") move(event, last);
    else if (event.key === "Enter" && cursor) {
      onPick(Math.min(cursor.from, last), at);
      setCursor(undefined);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (cursor) setCursor(undefined);
      else zoomOut();
    }
  };

  const shown = cursor && { at: Math.min(cursor.at, last), from: Math.min(cursor.from, last) };
  const told = pointed !== undefined && pointed <= last ? pointed : shown?.at;
  return (
    <div
      className={classes["plot"]}
      role="slider"
      tabIndex={0}
      aria-label="Events over time: arrow keys go from bar to bar, Enter zooms in, Escape zooms out"
      aria-orientation="horizontal"
      aria-valuemin={1}
      aria-valuemax={last + 1}
      aria-valuenow={(shown?.at ?? last) + 1}
      aria-valuetext={barText(counts, layers, shown?.at ?? last, zone)}
      onKeyDown={onKeyDown}
      onBlur={() => setCursor(undefined)}
    >
      <HistogramPlot
        counts={counts}
        layers={layers}
        colors={colors}
        label="Bars: events over time"
        onPoint={setPointed}
        onPick={onPick}
        onLeave={zoomOut}
      />
      {shown && <div className={classes["cursor"]} style={placeOf(shown.from, shown.at, last + 1)} />}
      {told !== undefined && (
        <Tooltip counts={counts} layers={layers} colors={colors} bucket={told} zone={zone} />
      )}
    </div>
  );
}

/** Where the bars `a` to `b` of `count` are, in the element around the plot. */
function placeOf(a: number, b: number, count: number) {
  const bars = `(100% - ${AXIS_PX + PADDING_PX}px)`;
  const [first, end] = [Math.min(a, b), Math.max(a, b) + 1];
  return {
    left: `calc(${AXIS_PX}px + ${bars} * ${first / count})`,
    width: `calc(${bars} * ${(end - first) / count})`,
  };
}
