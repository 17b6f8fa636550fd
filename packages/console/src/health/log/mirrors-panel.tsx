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
      <FiguresTable
        label="Mirrors"
        head={["Mirror", "State", "Lag", "Entries behind", "Conflicts", "Up to", "Mode"]}
        numbers={[2, 3, 4, 5]}
      >
        {log.mirrors.map((mirror) => (
          <MirrorRow key={mirror.place} mirror={mirror} />
        ))}
      </FiguresTable>
      <HistoryChart spec={spec} history={history} />
    </Panel>
  );
}

function MirrorRow({ mirror }: { readonly mirror: MirrorStatus }) {
  return (
    <tr>
      <th scope="row" style={{ overflowWrap: "anywhere", minWidth: "9rem" }}>
        <Foreign text={mirror.place} />
      </th>
      <td style={{ overflowWrap: "anywhere", minWidth: "10rem" }}>
        <MirrorVerdict mirror={mirror} />
      </td>
      <NumberCell>{mirror.lagEntries === 0 ? "none" : formatDuration(mirror.lag * 1000)}</NumberCell>
      <NumberCell>{formatCount(mirror.lagEntries)}</NumberCell>
      <NumberCell>{formatCount(mirror.conflicts)}</NumberCell>
      <NumberCell>{formatCount(mirror.mirroredSize)}</NumberCell>
      <td>
        <Foreign text={mirror.mode} />
      </td>
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
