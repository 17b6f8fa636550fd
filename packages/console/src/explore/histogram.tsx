import { Skeleton } from "@mantine/core";
import { useDeferredValue, useMemo } from "react";
import { useChartColors } from "../ui/chart-colors.ts";
import { formatCount } from "../ui/format-number.ts";
import { EmptyState, ErrorPanel } from "../ui/states.tsx";
import { useTimeZone } from "../ui/time-zone.tsx";
import { CountsTable } from "./histogram/counts-table.tsx";
import { PLOT_HEIGHT } from "./histogram/histogram-plot.tsx";
import { layerColors } from "./histogram/layer-colors.ts";
import { Legend } from "./histogram/legend.tsx";
import { PlotArea } from "./histogram/plot-area.tsx";
import { splitOf } from "./histogram/split.ts";
import { SplitSelect } from "./histogram/split-select.tsx";
import { stack } from "./histogram/stack.ts";
import { useCounts } from "./histogram/use-counts.ts";
import { useSnapshot } from "./snapshot.ts";
import { useExplore } from "./use-explore.ts";
import { useIsNarrow } from "./use-is-narrow.ts";
import classes from "./histogram/histogram.module.css";

/** How many hits there are, and when. As high while it loads as when it is there. */
export function Histogram() {
  const { search } = useExplore();
  const isNarrow = useIsNarrow();
  const { zone } = useTimeZone();
  // A query that the node refuses has no counts; why, the table says.
  const { isError: isRefused } = useSnapshot();
  const { data, error, isPlaceholderData, refetch } = useCounts();
  const counts = isRefused ? undefined : data;
  const colors = useChartColors();
  const split = splitOf(search.split);
  const layers = useMemo(() => (counts ? stack(counts) : []), [counts]);
  const shades = useMemo(() => layerColors(layers, split, colors), [layers, split, colors]);
  // A thousand cells that are not seen: they come after what is, between its frames.
  const tabled = useDeferredValue(
    useMemo(() => (counts ? { counts, layers } : null), [counts, layers]),
    null,
  );
  const behind = counts ? counts.treeSize - counts.indexedSize : 0;

  return (
    <section className={classes["histogram"]} aria-label="Events over time" aria-busy={isPlaceholderData}>
      <div className={classes["head"]}>
        <span className={`${classes["total"]} tabular`} role="status">
          {counts
            ? `${formatCount(counts.total)} ${counts.total === 1 ? "event" : "events"}`
            : !isRefused && <Skeleton height={22} width={130} animate={!error} />}
        </span>
        {behind > 0 && (
          <span className={classes["note"]} title="The node still indexes the newest entries">
            {formatCount(behind)} not counted yet
          </span>
        )}
        <Legend layers={layers} colors={shades} />
        <span className={classes["split"]}>
          <span className={classes["note"]}>Times in {zone}</span>
          {!isNarrow && <SplitSelect />}
        </span>
      </div>
      <div style={{ minHeight: PLOT_HEIGHT }} className={isPlaceholderData ? classes["old"] : ""}>
        {error && !counts && (
          <ErrorPanel title="The events can't be counted" error={error} retry={() => void refetch()} />
        )}
        {!error && !counts && !isRefused && <Skeleton height={PLOT_HEIGHT} />}
        {counts && counts.buckets.length > 0 && <PlotArea counts={counts} layers={layers} colors={shades} />}
        {counts && counts.buckets.length === 0 && <EmptyState title="No events in this time" />}
      </div>
      {tabled && <CountsTable counts={tabled.counts} layers={tabled.layers} zone={zone} />}
    </section>
  );
}
