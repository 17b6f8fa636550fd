import { useEffect } from "react";
import { visible } from "../ui/foreign.tsx";

/** What {@link useAlarmTitle} puts in front. */
const ALARMS = /^\(\d+\) /;

/** Names the tab, and with it the bookmark and the line of the browser's history: `Live · main · Stele`. */
export function usePageTitle(...parts: readonly string[]): void {
  const text = visible([...parts, "Stele"].join(" · "));
  useEffect(() => {
    document.title = `${ALARMS.exec(document.title)?.[0] ?? ""}${text}`;
  }, [text]);
}

/** The tab's title begins with how many alarms there are, so that they are seen from other tabs. */
export function useAlarmTitle(count: number): void {
  useEffect(() => {
    const title = document.title.replace(ALARMS, "");
    document.title = count === 0 ? title : `(${count}) ${title}`;
  });
}
