import { Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { visible } from "../ui/foreign.tsx";
import { formatDuration } from "../ui/format-time.ts";
import type { Connection } from "./live-feed.ts";
import classes from "./live.module.css";

/** Whether what is seen is the present, in words and with a dot. */
export function ConnectionState({ connection }: { readonly connection: Connection }) {
  const { state } = connection;
  return (
    <Text size="sm" component="div" className={classes["connection"]} data-state={state}>
      <span className={classes["dot"]} aria-hidden />
      <span>{connectionText(connection)}</span>
      {state === "lost" && (
        <span className={classes["why"]}>
          <Since ms={connection.sinceMs} />: {visible(connection.why)}
        </span>
      )}
    </Text>
  );
}

/** In a few words that stay the same as long as the state does. */
export function connectionText({ state }: Connection): string {
  switch (state) {
    case "connecting":
      return "Connecting…";
    case "open":
      return "Connected";
    case "lost":
      return "Reconnecting";
    case "resting":
      return "Not reading while paused";
    case "ended":
      return "Not connected";
  }
}

const TICK_MS = 1_000;

function Since({ ms }: { readonly ms: number }) {
  const [now, setNow] = useState(ms);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return <>for {formatDuration(Math.max(0, now - ms))}</>;
}
