import type { MetricsHistory } from "@stele/client";
import { useMemo } from "react";
import { useTimeZone } from "../../ui/time-zone.tsx";
import { Panel } from "../ui/panel.tsx";
import { nodeCharts } from "./chart-specs.ts";
import { HistoryChart } from "./history-chart.tsx";
import classes from "./charts.module.css";

interface NodeChartsProps {
  readonly log: string;
  readonly history: MetricsHistory | undefined;
}

/** Rates, latencies and what the process uses, over time. */
export function NodeCharts({ log, history }: NodeChartsProps) {
  const { zone } = useTimeZone();
  const specs = useMemo(() => nodeCharts(log), [log]);
  return (
    <Panel
      id="over-time"
      title="Over time"
      summary={`Of this node, kept by itself. Gaps: it did not run, or had no such figure. Times in ${zone}`}
    >
      <div className={classes["grid"]}>
        {specs.map((spec) => (
          <HistoryChart key={spec.id} spec={spec} history={history} />
        ))}
      </div>
    </Panel>
  );
}
