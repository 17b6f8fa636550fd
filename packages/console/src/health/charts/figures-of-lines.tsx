import { memo } from "react";
import { useChartColors } from "../../ui/chart-colors.ts";
import { Foreign } from "../../ui/foreign.tsx";
import { figuresOf, type Line } from "./history-view.ts";
import { formatValue, type Unit } from "./units.ts";
import classes from "./charts.module.css";

interface FiguresOfLinesProps {
  readonly title: string;
  readonly unit: Unit;
  readonly lines: readonly Line[];
}

/** What a chart shows, in numbers: for those who can't see it, and the key to its colours. */
export const FiguresOfLines = memo(function FiguresOfLines({ title, unit, lines }: FiguresOfLinesProps) {
  const colors = useChartColors();
  return (
    <table className={classes["figures"]} aria-label={`${title}: figures`}>
      <thead>
        <tr>
          <th scope="col">Line</th>
          <th scope="col">Newest</th>
          <th scope="col">Lowest</th>
          <th scope="col">Highest</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ label, values }, i) => {
          const { newest, min, max } = figuresOf(values);
          return (
            <tr key={label}>
              <th scope="row">
                <span className={classes["swatch"]} style={{ background: colors.series(i) }} aria-hidden />
                <Foreign text={label} />
              </th>
              <td>{formatValue(newest, unit)}</td>
              <td>{formatValue(min, unit)}</td>
              <td>{formatValue(max, unit)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
});
