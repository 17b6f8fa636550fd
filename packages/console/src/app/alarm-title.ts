import { useEffect } from "react";

const PREFIX = /^\(\d+\) /;

/** The tab's title begins with how many alarms there are, so that they are seen from other tabs. */
export function useAlarmTitle(count: number): void {
  useEffect(() => {
    const title = document.title.replace(PREFIX, "");
    document.title = count === 0 ? title : `(${count}) ${title}`;
  });
}
