import type { LogStatus } from "@stele/client";
import { Foreign } from "../../ui/foreign.tsx";
import { formatCount } from "../../ui/format-number.ts";
import { Nothing, Panel } from "../ui/panel.tsx";
import { Verdict } from "../ui/verdict.tsx";
import { barOf, positionsOf } from "./positions.ts";
import classes from "./position-bars.module.css";

/** How far what follows the log is: each a bar from 0 to the tree size. The table says the same in numbers. */
export function PositionBars({ log }: { readonly log: LogStatus }) {
  const { treeSize } = log;
  return (
    <Panel
      id="positions"
      title="Positions"
      summary={
        <>
          Log <Foreign text={log.name} />, {formatCount(treeSize)} entries
        </>
      }
    >
      <p className={classes["writable"]}>
        {log.writable ? (
          <Verdict is="good">It takes writes</Verdict>
        ) : (
          <Verdict is="bad">
            It takes no writes at this node: <Foreign text={log.reason ?? "no reason given"} />
          </Verdict>
        )}
        {log.following === undefined && (
          <Verdict is="warning">It has not been in step with other nodes yet</Verdict>
        )}
      </p>
      {treeSize === 0 ? (
        <Nothing title="No events yet">
          The first one that is sent stands at index 0. “stele append” sends one; “stele serve --demo” lets
          simulated traffic run in.
        </Nothing>
      ) : (
        <table className={classes["table"]} aria-label="Positions of the log">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col" className={classes["wide"]}>
                From 0 to {formatCount(treeSize)}
              </th>
              <th scope="col">Entries</th>
            </tr>
          </thead>
          <tbody>
            {positionsOf(log).map((position) => {
              const { left, width } = barOf(position, treeSize);
              return (
                <tr key={position.name} data-kind={position.name.toLowerCase()}>
                  <th scope="row">
                    <Foreign text={position.name} />
                  </th>
                  <td className={classes["wide"]}>
                    <div className={classes["track"]}>
                      <div
                        className={classes["bar"]}
                        style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
                      />
                    </div>
                    <span className={classes["meaning"]}>{position.meaning}</span>
                  </td>
                  <td className={classes["numbers"]}>
                    {position.start > 0 && `${formatCount(position.start)} to `}
                    {formatCount(position.end)}
                    {position.behind !== undefined && position.behind > 0 && (
                      <>
                        {", "}
                        <span className={classes["behind"]}>{formatCount(position.behind)} behind</span>
                      </>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
