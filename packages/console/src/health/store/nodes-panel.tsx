import type { StoreNode } from "@stele/client";
import { useNodes } from "../../api/node.ts";
import { Foreign } from "../../ui/foreign.tsx";
import { formatCount, formatRate } from "../../ui/format-number.ts";
import { formatDuration } from "../../ui/format-time.ts";
import { ErrorPanel, LoadingRows } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { FiguresTable, NumberCell } from "../ui/figures-table.tsx";
import { Panel } from "../ui/panel.tsx";
import { Verdict } from "../ui/verdict.tsx";
import { nodeRows, type NodeRow } from "./node-rows.ts";

interface NodesPanelProps {
  readonly log: string;
  /** A directory has one node only. */
  readonly isShared: boolean;
}

/** The nodes of the store, as each last said there. */
export function NodesPanel({ log, isShared }: NodesPanelProps) {
  const { data, error, refetch } = useNodes();
  const summary = isShared
    ? "As each last said in the store, by its own clock"
    : "A directory has one node. With --journal s3://… several share a store";
  return (
    <Panel id="nodes" title="Nodes" summary={summary}>
      {!data && error && (
        <ErrorPanel title="The nodes can't be shown" error={error} retry={() => void refetch()} />
      )}
      {!data && !error && <LoadingRows rows={2} />}
      {data?.reason !== undefined && (
        <p>
          <Verdict is="warning">
            The others are shown as they were: <Foreign text={data.reason} />
          </Verdict>
        </p>
      )}
      {data && (
        <FiguresTable
          label="Nodes of the store"
          head={["Node", "State", "Seen", "Tree size", "Writes", "Events a second", "Version", "Up since"]}
          numbers={[3, 5]}
        >
          {nodeRows(data.nodes, log).map((row) => (
            <NodeTableRow key={row.node.id} row={row} />
          ))}
        </FiguresTable>
      )}
    </Panel>
  );
}

function NodeTableRow({ row }: { readonly row: NodeRow }) {
  const { node, treeSize, behind, writable } = row;
  return (
    <tr>
      <th scope="row">
        <Foreign text={node.name} />
        {node.isSelf && " (this node)"}
      </th>
      <td>
        <NodeState row={row} />
      </td>
      <td>{seenText(node)}</td>
      <NumberCell>
        {treeSize === undefined ? "not told" : formatCount(treeSize)}
        {behind !== undefined && behind > 0 && (
          <>
            <br />
            {formatCount(behind)} behind the best
          </>
        )}
      </NumberCell>
      <td>{writable === undefined ? "not told" : writable ? "takes them" : "takes none"}</td>
      <NumberCell>{formatRate(node.eventsPerSecond)}</NumberCell>
      <td>
        <Foreign text={node.version} />
      </td>
      <td>
        <Time value={node.startedAt} seconds withZone />
      </td>
    </tr>
  );
}

function NodeState({ row: { node, isSilent } }: { readonly row: NodeRow }) {
  if (isSilent) {
    return (
      <Verdict is="bad">
        silent: it has said nothing for {formatDuration(node.age * 1000)}, and was{" "}
        <Foreign text={node.state} /> then
      </Verdict>
    );
  }
  return (
    <Verdict is={node.state === "ready" ? "good" : "warning"}>
      <Foreign text={node.state} />
    </Verdict>
  );
}

function seenText({ isSelf, age }: StoreNode): string {
  return isSelf ? "now: it answers" : `${formatDuration(age * 1000)} ago`;
}
