import { useEffect, useRef, useState } from "react";
import { formatCount } from "../ui/format-number.ts";
import { connectionText } from "./connection-state.tsx";
import type { LiveView } from "./live-feed.ts";

/** Between two times that somebody who hears the page is told how many events came. */
const TELL_EVERY_MS = 20_000;

/** For who hears the page: the state when it changes, and the count now and then; not each event. */
export function LiveSummary({ view }: { readonly view: LiveView }) {
  const { received, held, connection } = view;
  const newest = useRef(received);
  const [told, setTold] = useState(0);
  useEffect(() => {
    newest.current = received;
  }, [received]);
  useEffect(() => {
    const timer = setInterval(() => setTold(newest.current), TELL_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <p role="status" className="spoken">
      {connectionText(connection)}.{held && " Paused."}
      {told > 0 && ` ${formatCount(told)} events have come.`}
    </p>
  );
}
