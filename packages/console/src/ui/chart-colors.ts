import { useComputedColorScheme, useMantineTheme, type MantineColor } from "@mantine/core";
import { useMemo } from "react";

export interface ChartColors {
  readonly text: string;
  readonly grid: string;
  /** Shade 6 in the light, 5 in the dark, of a colour of the theme. */
  readonly of: (color: MantineColor) => string;
  /** The n-th of a list of colours that are told apart. */
  readonly series: (n: number) => string;
}

const SERIES = ["blue", "orange", "teal", "grape", "red", "lime", "cyan", "pink", "yellow", "indigo", "gray"];

/** The colours of the scheme, as a canvas needs them. */
export function useChartColors(): ChartColors {
  const theme = useMantineTheme();
  const dark = useComputedColorScheme("light") === "dark";
  return useMemo(() => {
    const of = (color: MantineColor) => theme.colors[color]![dark ? 5 : 6];
    return {
      text: dark ? theme.colors.dark[0] : theme.colors.gray[7],
      grid: dark ? theme.colors.dark[5] : theme.colors.gray[2],
      of,
      series: (n) => of(SERIES[n % SERIES.length]!),
    };
  }, [theme, dark]);
}
