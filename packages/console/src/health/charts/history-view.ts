import type { MetricsHistory } from "@stele/client";

/** What a chart draws: times in Unix seconds, and as many values for each line; null where there is none. */
export interface ChartData {
  readonly times: readonly number[];
  readonly lines: readonly Line[];
}

export interface Line {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

/** Which series of a history are lines of a chart. */
export interface LinePick {
  readonly name: string;
  /** What its labels must be; others don't matter. */
  readonly labels?: Readonly<Record<string, string>>;
  /** How the line is called: a text, or the value of the label `labelled`. */
  readonly label?: string;
  readonly labelled?: string;
}

export function chartData(history: MetricsHistory, picks: readonly LinePick[]): ChartData {
  const lines = picks.flatMap((pick) =>
    history.series
      .filter(({ name, labels }) => name === pick.name && hasLabels(labels, pick.labels ?? {}))
      .map(({ name, labels, values }) => ({
        label: pick.label ?? labelOf(labels, pick.labelled) ?? name,
        values,
      })),
  );
  return { times: timesOf(history), lines };
}

/** When each step began: Unix seconds. */
export function timesOf({ from, stepSeconds, series }: MetricsHistory): number[] {
  const first = Date.parse(from) / 1000;
  const count = Math.max(0, ...series.map(({ values }) => values.length));
  return Array.from({ length: count }, (_, i) => first + i * stepSeconds);
}

export interface Figures {
  readonly newest: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
}

/** Of what there is; undefined where there is nothing. */
export function figuresOf(values: readonly (number | null)[]): Figures {
  let newest: number | undefined;
  let min: number | undefined;
  let max: number | undefined;
  for (const value of values) {
    if (value === null) continue;
    newest = value;
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  return { newest, min, max };
}

export interface Reading {
  readonly value: number;
  /** Unix milliseconds: when its step began. */
  readonly atMs: number;
}

/** The newest value of a series, and when that was. */
export function newestOf(history: MetricsHistory | undefined, pick: LinePick): Reading | undefined {
  const values = history && chartData(history, [pick]).lines[0]?.values;
  const i = values?.findLastIndex((value) => value !== null) ?? -1;
  if (!history || !values || i < 0) return undefined;
  return { value: values[i]!, atMs: Date.parse(history.from) + i * history.stepSeconds * 1000 };
}

function hasLabels(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([name, value]) => labelOf(labels, name) === value);
}

function labelOf(labels: Readonly<Record<string, string>>, name: string | undefined): string | undefined {
  return name !== undefined && Object.hasOwn(labels, name) ? labels[name] : undefined;
}
