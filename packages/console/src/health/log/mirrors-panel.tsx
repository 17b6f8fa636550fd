import type { LogStatus, MetricsHistory, MirrorStatus } from "@stele/client";
import { useMemo } from "react";
import { Foreign } from "../../ui/foreign.tsx";
import { formatCount } from "../../ui/format-number.ts";
import { formatDuration } from "../../ui/format-time.ts";
import { mirrorChart } from "../charts/chart-specs.ts";
import { HistoryChart } from "../charts/history-chart.tsx";
import { FiguresTable, NumberCell } from "../ui/figures-table.tsx";
import { Nothing, Panel } from "../ui/panel.tsx";
import { Verdict } from "../ui/verdict.tsx";
import classes from "./rows.module.css";

interface MirrorsPanelProps {
  readonly log: LogStatus;
  readonly history: MetricsHistory | undefined;
}

/** The second, independent stores: how far each is, now and over time. */
export function MirrorsPanel({ log, history }: MirrorsPanelProps) {
  const spec = useMemo(() => mirrorChart(log.name), [log.name]);
  if (log.mirrors.length === 0) {
    return (
      <Panel id="mirrors" title="Mirrors">
        <Nothing title="No mirrors">
          If the store were lost, so would be the log. A second, independent store has everything, too:
          <code> stele serve --mirror s3://bucket/prefix</code>, or <code>file:///directory</code> on another
          disk. How, and how to come back from one: docs/operate/mirrors.md.
        </Nothing>
      </Panel>
    );
  }
  return (
    <Panel id="mirrors" title="Mirrors">
      <FiguresTable label="Table of mirrors" head={["Mirror", "State", "Lag", "Conflicts"]} numbers={[2, 3]}>
        {log.mirrors.map((mirror) => (
          <MirrorRow key={mirror.place} mirror={mirror} />
        ))}
      </FiguresTable>
      <HistoryChart spec={spec} history={history} lines={log.mirrors.length} />
    </Panel>
  );
}

function MirrorRow({ mirror }: { readonly mirror: MirrorStatus }) {
  return (
    <tr>
      <th scope="row" className={classes["text"]}>
        <Foreign text={mirror.place} />
        <br />
        <span className={classes["more"]}>
          <Foreign text={mirror.mode} />
        </span>
      </th>
      <td className={classes["text"]}>
        <MirrorVerdict mirror={mirror} />
      </td>
      <NumberCell>
        {mirror.lagEntries === 0 ? "none" : formatDuration(mirror.lag * 1000)}
        <br />
        <span className={classes["more"]}>
          {formatCount(mirror.mirroredSize)}, {formatCount(mirror.lagEntries)} behind
        </span>
      </NumberCell>
      <NumberCell>{formatCount(mirror.conflicts)}</NumberCell>
    </tr>
  );
}

function MirrorVerdict({ mirror: { ok, reason, conflicts } }: { readonly mirror: MirrorStatus }) {
  if (conflicts > 0) {
    return (
      <Verdict is="bad">
        {conflicts === 1 ? "an object differs" : `${formatCount(conflicts)} objects differ`} from the
        primary's; nothing was overwritten
      </Verdict>
    );
  }
  if (ok) return <Verdict is="good">as it should be</Verdict>;
  return (
    <Verdict is="bad">
      it does not get on: <Foreign text={reason ?? "no reason given"} />
    </Verdict>
  );
}
