import UPlot, { type Options } from "uplot";
import type { ChartColors } from "../../ui/chart-colors.ts";
import { formatTime } from "../../ui/format-time.ts";
import { formatValue, type Unit } from "./units.ts";

interface PlotLook {
  readonly labels: readonly string[];
  readonly unit: Unit;
  /** An IANA name. */
  readonly zone: string;
  readonly colors: ChartColors;
  /** Told which step is pointed at, in this chart or another one; undefined: none. */
  readonly onPoint: (step: number | undefined) => void;
}

const DAY_SECONDS = 86_400;

/** How a chart of the page looks. All of them show one crosshair. */
export function plotOptions({
  labels,
  unit,
  zone,
  colors,
  onPoint,
}: PlotLook): Omit<Options, "width" | "height"> {
  const axis = {
    stroke: colors.text,
    font: "11px system-ui, sans-serif",
    grid: { stroke: colors.grid, width: 1 },
    ticks: { stroke: colors.grid, width: 1, size: 4 },
  };
  return {
    padding: [8, 24, 0, 0],
    legend: { show: false },
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), zone),
    cursor: { sync: { key: "health" }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, size: 26, values: (_, times, __, ___, step) => times.map((at) => timeMark(at, step, zone)) },
      { ...axis, size: 84, values: (_, values) => values.map((value) => formatValue(value, unit)) },
    ],
    series: [
      {},
      ...labels.map((label, i) => ({
        label,
        stroke: colors.series(i),
        width: 1.5,
        points: { size: 4, fill: colors.series(i), filter: alone },
      })),
    ],
    hooks: { setCursor: [({ cursor: { idx } }) => onPoint(idx ?? undefined)] },
  };
}

/** The steps with a value between two without: no line goes there, so a point is drawn. */
function alone({ data }: UPlot, line: number): number[] | null {
  const values = data[line]!;
  const steps: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const before = values[i - 1] ?? null;
    const after = values[i + 1] ?? null;
    if (values[i] !== null && before === null && after === null) steps.push(i);
  }
  return steps.length > 0 ? steps : null;
}

/** The date at midnight, else the time, as finely as the marks stand. */
function timeMark(seconds: number, stepSeconds: number, zone: string): string {
  const text = formatTime(seconds * 1000, zone);
  const time = text.slice(11, 19);
  if (stepSeconds >= DAY_SECONDS || time === "00:00:00") return text.slice(5, 10);
  return stepSeconds < 60 ? time : time.slice(0, 5);
}
