import { Anchor, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useStatus } from "../api/status.ts";
import { formatCount } from "../ui/format-number.ts";
import { ConnectionState } from "./connection-state.tsx";
import type { LiveEvent } from "./live-event.ts";
import type { LiveFeed, LiveView } from "./live-feed.ts";
import { RateDisplay } from "./rate-display.tsx";
import classes from "./live.module.css";

interface LiveStatusProps {
  readonly feed: LiveFeed;
  readonly view: LiveView;
  readonly log: string;
  readonly query: string;
}

/** How it goes: the connection, where in the log it is, how much comes, and what is not seen. */
export function LiveStatus({ feed, view, log, query }: LiveStatusProps) {
  return (
    <div className={classes["status"]}>
      <ConnectionState connection={view.connection} />
      <Position next={view.next} log={log} />
      <RateDisplay feed={feed} />
      <Unseen view={view} log={log} query={query} />
    </div>
  );
}

/** Where in the log it is. What the node said of its size may be older than what came. */
function Position({ next, log }: { readonly next: number | undefined; readonly log: string }) {
  const { data } = useStatus();
  const told = data?.logs.find(({ name }) => name === log)?.treeSize;
  if (next === undefined || told === undefined) {
    return (
      <Text size="sm" className={classes["position"]}>
        …
      </Text>
    );
  }
  const behind = Math.max(0, told - next);
  return (
    <Text size="sm" className={`${classes["position"]} tabular`}>
      {formatCount(next)} of {formatCount(Math.max(told, next))},{" "}
      {behind === 0 ? "in step" : `${formatCount(behind)} behind`}
    </Text>
  );
}

/** What waits, and what made room. */
function Unseen({ view, log, query }: Omit<LiveStatusProps, "feed">) {
  const { held, waiting, connection, dropped, firstDropped } = view;
  const searchBehind = ({ receivedAt }: LiveEvent) => ({
    log,
    q: `${query} received_after:${receivedAt}`.trim(),
    order: "oldest" as const,
  });
  return (
    <Text size="sm" component="div" className={`${classes["unseen"]} tabular`}>
      {held && (
        <span>
          {waiting === 0 ? "Paused" : `Paused, ${formatCount(waiting)} wait`}
          {connection.state === "resting" && ", and more in the log: nothing is lost"}
        </span>
      )}
      {dropped > 0 && firstDropped && (
        <span>
          {formatCount(dropped)} older ones made room:{" "}
          <Anchor
            inherit
            underline="always"
            renderRoot={(props) => <Link {...props} to="/" search={searchBehind(firstDropped)} />}
          >
            see them in Explore
          </Anchor>
        </span>
      )}
    </Text>
  );
}
