import type { LogStatus, MetricsHistory } from "@stele/client";
import { useHistory } from "../../api/node.ts";
import { NodeCharts } from "../charts/node-charts.tsx";
import { useRange } from "../charts/use-range.ts";
import { SourcesPanel } from "../sources/sources-panel.tsx";
import { Tiles } from "../tiles.tsx";
import { ErrorPanel } from "../../ui/states.tsx";
import { MirrorsPanel } from "./mirrors-panel.tsx";
import { PositionBars } from "./position-bars.tsx";
import { VerificationPanel } from "./verification-panel.tsx";
import { WitnessesPanel } from "./witnesses-panel.tsx";
import classes from "../health.module.css";

interface LogHealthProps {
  readonly log: LogStatus;
  readonly lastHour: MetricsHistory | undefined;
  /** Unix milliseconds: when `log` was so. */
  readonly atMs: number;
}

/** What concerns one log. */
export function LogHealth({ log, lastHour, atMs }: LogHealthProps) {
  const [range] = useRange();
  const { data: history, error, refetch } = useHistory(range);
  return (
    <>
      <Tiles log={log} history={lastHour} atMs={atMs} />
      <PositionBars log={log} />
      {!history && error && (
        <ErrorPanel title="The charts have no figures" error={error} retry={() => void refetch()} />
      )}
      <div className={classes["pair"]}>
        <MirrorsPanel log={log} history={history} />
        <WitnessesPanel log={log} history={history} />
      </div>
      <VerificationPanel log={log} />
      <SourcesPanel log={log.name} history={lastHour} />
      <NodeCharts log={log.name} history={history} />
    </>
  );
}
