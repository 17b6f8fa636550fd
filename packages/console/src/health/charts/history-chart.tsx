import type { MetricsHistory } from "@stele/client";
import { useIntersection } from "@mantine/hooks";
import { memo, useMemo, useRef, useState } from "react";
import { useChartColors } from "../../ui/chart-colors.ts";
import { Chart } from "../../ui/chart.tsx";
import { visible } from "../../ui/foreign.tsx";
import { formatTime, zoneOffset } from "../../ui/format-time.ts";
import { useTimeZone } from "../../ui/time-zone.tsx";
import type { ChartSpec } from "./chart-specs.ts";
import { FiguresOfLines } from "./figures-of-lines.tsx";
import { chartData } from "./history-view.ts";
import { plotOptions } from "./plot-options.ts";
import classes from "./charts.module.css";

const HEIGHT = 150;
/** A row of the figures. */
const LINE_REM = 1.35;

interface HistoryChartProps {
  readonly spec: ChartSpec;
  /** Undefined: it is on its way. */
  readonly history: MetricsHistory | undefined;
  /** How many lines there will be: room is kept for so many. As many as the spec has unless told. */
  readonly lines?: number;
}

/** One chart over time, with its numbers in a table below. Its height stays the same, whatever there is to draw. */
export const HistoryChart = memo(function HistoryChart({
  spec,
  history,
  lines = spec.picks.length,
}: HistoryChartProps) {
  const { zone } = useTimeZone();
  const colors = useChartColors();
  const { unit, picks } = spec;
  const data = useMemo(() => history && chartData(history, picks), [history, picks]);
  const shown = useRef(data);
  shown.current = data;
  const readout = useRef<HTMLParagraphElement>(null);
  // A text, so that the chart is made anew only if the names of its lines change.
  const names = JSON.stringify(data?.lines.map(({ label }) => visible(label)) ?? []);
  const options = useMemo(() => {
    const labels = JSON.parse(names) as string[];
    const onPoint = (step: number | undefined) => {
      const at = step === undefined ? undefined : shown.current?.times[step];
      // Past React: it follows the pointer.
      if (readout.current)
        readout.current.textContent =
          at === undefined
            ? ""
            : `${formatTime(at * 1000, zone).slice(0, 19)} ${zoneOffset(at * 1000, zone)}`;
    };
    return plotOptions({ labels, unit, zone, colors, onPoint });
  }, [names, unit, zone, colors]);
  const aligned = useMemo(
    (): [number[], ...(number | null)[][]] => [
      [...(data?.times ?? [])],
      ...(data?.lines ?? []).map(({ values }) => [...values]),
    ],
    [data],
  );
  const { ref: place, entry } = useIntersection({ rootMargin: "300px" });
  const newest = useMemo(() => ({ options, data: aligned }), [options, aligned]);
  const drawn = useWhile(entry?.isIntersecting === true, newest);
  const isEmpty = !aligned.slice(1).some((values) => values.some((value) => value !== null));
  return (
    <figure className={classes["figure"]}>
      <figcaption className={classes["caption"]}>
        <h3 className={classes["title"]}>{spec.title}</h3>
        <p className={classes["meaning"]}>{spec.meaning}</p>
      </figcaption>
      <div ref={place} className={classes["plot"]} style={{ height: HEIGHT }}>
        {drawn && (
          <Chart
            options={drawn.options}
            data={drawn.data}
            height={HEIGHT}
            label={`${spec.title} over time. The table below has its newest, lowest and highest values`}
          />
        )}
        {isEmpty && (
          <p className={classes["empty"]}>{history ? "Nothing in this range" : "It is on its way"}</p>
        )}
      </div>
      <p ref={readout} className={classes["readout"]} aria-hidden />
      <div style={{ minHeight: `${(lines + 1) * LINE_REM}rem` }}>
        <FiguresOfLines title={spec.title} unit={unit} lines={data?.lines ?? []} />
      </div>
    </figure>
  );
});

/** The newest value that there was while `isOn`; undefined before. So a chart that is not seen costs nothing. */
function useWhile<T>(isOn: boolean, value: T): T | undefined {
  const [kept, keep] = useState<T>();
  if (isOn && kept !== value) keep(value);
  return isOn ? value : kept;
}
