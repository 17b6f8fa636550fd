import { Container, Skeleton, Title } from "@mantine/core";
import type { NodeStatus } from "@stele/client";
import { useHistory } from "../api/node.ts";
import { useStatus } from "../api/status.ts";
import { useLogName } from "../app/log-name.ts";
import { usePageTitle } from "../app/page-title.ts";
import { Foreign } from "../ui/foreign.tsx";
import { ErrorPanel } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { AlarmList } from "./alarms/alarm-list.tsx";
import { RangePicker } from "./charts/range-picker.tsx";
import { LogHealth } from "./log/log-health.tsx";
import { StaleBanner } from "./stale-banner.tsx";
import { NodesPanel } from "./store/nodes-panel.tsx";
import { StorePanel } from "./store/store-panel.tsx";
import { Nothing } from "./ui/panel.tsx";
import { useStaleness } from "./use-staleness.ts";
import classes from "./health.module.css";

/** What the node, its store and the log are at: what a person has to know first, then figures, now and over time. */
export function HealthPage() {
  usePageTitle("Health", useLogName());
  const status = useStatus();
  const staleness = useStaleness(status);
  const { data, error, isError, refetch } = status;
  return (
    <Container size="xl" py="md" className={classes["page"] ?? ""}>
      <header className={classes["top"]}>
        <Title order={1} size="h3">
          Health
        </Title>
        <p className={classes["state"]}>
          {data && (staleness ? "Node unreachable" : <NodeState status={data} />)}
        </p>
        <RangePicker />
      </header>
      <StaleBanner staleness={staleness} error={error} />
      {data && (
        <div className={`${classes["page"]} ${staleness ? classes["stale"] : ""}`}>
          <Parts status={data} atMs={status.dataUpdatedAt} />
        </div>
      )}
      {!data && isError && (
        <ErrorPanel title="The node does not say how it is" error={error} retry={() => void refetch()} />
      )}
      {!data && !isError && <Loading />}
    </Container>
  );
}

interface PartsProps {
  readonly status: NodeStatus;
  readonly atMs: number;
}

function Parts({ status, atMs }: PartsProps) {
  const name = useLogName();
  const { data: lastHour } = useHistory("1h");
  const log = status.logs.find((one) => one.name === name);
  const isShared = status.store.kind === "shared";
  return (
    <>
      <AlarmList alarms={status.alarms} />
      {log ? (
        <LogHealth log={log} lastHour={lastHour} atMs={atMs} />
      ) : (
        <Nothing title="This node has not opened the log">
          There is no log “<Foreign text={name} />” here, or it could not be opened: then an alarm says why.
        </Nothing>
      )}
      <NodesPanel log={name} isShared={isShared} />
      <StorePanel store={status.store} />
    </>
  );
}

function NodeState({ status: { state, startedAt } }: { readonly status: NodeStatus }) {
  return (
    <>
      Node <Foreign text={state} />, up since <Time value={startedAt} seconds withZone />
    </>
  );
}

/** As tall as what comes. */
function Loading() {
  return (
    <div className={classes["page"]} aria-busy aria-label="Loading" role="status">
      <Skeleton height={28} />
      <Skeleton height={88} />
      <Skeleton height={320} />
      <Skeleton height={420} />
    </div>
  );
}
