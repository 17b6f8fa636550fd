import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { useClient } from "../api/client.ts";
import { LiveFeed, type LiveView } from "./live-feed.ts";
import type { Rates } from "./rate-meter.ts";

const RATES_EVERY_MS = 500;
/** Nobody reads faster, and each time all rows that are seen may be other ones. */
const DRAW_EVERY_MS = 100;

/** Follows a log for as long as the page is there. Another query is another feed; another token is not. */
export function useLiveFeed(
  log: string,
  query: string,
  from: number | undefined,
): { readonly feed: LiveFeed; readonly retry: () => void } {
  const client = useClient(log);
  // A feed is of one log, though nothing that it is made of says which.
  // oxlint-disable-next-line react/exhaustive-deps
  const feed = useMemo(() => new LiveFeed({ query, from, schedule: drawSoon() }), [log, query, from]);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    feed.start(client);
    return () => feed.stop();
  }, [feed, client, attempt]);
  return { feed, retry: () => setAttempt((before) => before + 1) };
}

export function useLiveView(feed: LiveFeed): LiveView {
  return useSyncExternalStore(feed.subscribe, feed.view);
}

export function useRates(feed: LiveFeed): Rates {
  const [rates, setRates] = useState(() => feed.rates());
  useEffect(() => {
    const timer = setInterval(() => setRates(feed.rates()), RATES_EVERY_MS);
    return () => clearInterval(timer);
  }, [feed]);
  return rates;
}

/** With a frame, but not with each one. */
function drawSoon(): (draw: () => void) => void {
  let lastMs = -Infinity;
  return (draw) => {
    const inFrame = () =>
      requestAnimationFrame(() => {
        lastMs = performance.now();
        draw();
      });
    const waitMs = lastMs + DRAW_EVERY_MS - performance.now();
    if (waitMs <= 0) inFrame();
    else setTimeout(inFrame, waitMs);
  };
}
