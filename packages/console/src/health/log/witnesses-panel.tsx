import type { LogStatus, MetricsHistory, WitnessStatus } from "@stele/client";
import { useMemo } from "react";
import { Foreign } from "../../ui/foreign.tsx";
import { formatCount } from "../../ui/format-number.ts";
import { formatDuration } from "../../ui/format-time.ts";
import { witnessChart } from "../charts/chart-specs.ts";
import { HistoryChart } from "../charts/history-chart.tsx";
import { FiguresTable, NumberCell } from "../ui/figures-table.tsx";
import { Nothing, Panel } from "../ui/panel.tsx";
import { Verdict } from "../ui/verdict.tsx";
import classes from "./rows.module.css";

interface WitnessesPanelProps {
  readonly log: LogStatus;
  readonly history: MetricsHistory | undefined;
}

/** Who cosigns the log: how old the last cosignature of each is, now and over time. */
export function WitnessesPanel({ log, history }: WitnessesPanelProps) {
  const spec = useMemo(() => witnessChart(log.name), [log.name]);
  if (log.witnesses.length === 0) {
    return (
      <Panel id="witnesses" title="Witnesses">
        <Nothing title="No witnesses">
          Whoever holds the key could show two histories to two readers. A witness in other hands cosigns one
          only. <code>stele witness</code> runs one, and <code>stele serve --policy policy.txt</code> names
          those that must cosign. How: docs/operate/witnesses.md.
        </Nothing>
      </Panel>
    );
  }
  return (
    <Panel id="witnesses" title="Witnesses">
      <FiguresTable
        label="Table of witnesses"
        head={["Witness", "State", "Last cosignature", "Cosigned up to"]}
        numbers={[3]}
      >
        {log.witnesses.map((witness) => (
          <WitnessRow key={witness.name} witness={witness} treeSize={log.treeSize} />
        ))}
      </FiguresTable>
      <HistoryChart spec={spec} history={history} lines={log.witnesses.length} />
    </Panel>
  );
}

interface WitnessRowProps {
  readonly witness: WitnessStatus;
  readonly treeSize: number;
}

function WitnessRow({ witness, treeSize }: WitnessRowProps) {
  const { name, host, ok, reason, cosignedAge, cosignedSize } = witness;
  return (
    <tr>
      <th scope="row" className={classes["text"]}>
        <Foreign text={name} />
        <br />
        <span className={classes["more"]}>
          <Foreign text={host} />
        </span>
      </th>
      <td className={classes["text"]}>
        {ok ? (
          <Verdict is="good">cosigns</Verdict>
        ) : (
          <Verdict is="bad">
            <Foreign text={reason ?? "It does not cosign, and gives no reason"} />
          </Verdict>
        )}
      </td>
      <td>{cosignedAge === undefined ? "none yet" : `${formatDuration(cosignedAge * 1000)} ago`}</td>
      <NumberCell>
        {formatCount(cosignedSize)}
        <br />
        <span className={classes["more"]}>{formatCount(Math.max(0, treeSize - cosignedSize))} behind</span>
      </NumberCell>
    </tr>
  );
}
