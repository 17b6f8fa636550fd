import { useEffect } from "react";
import { visible } from "../ui/foreign.tsx";

/** What the tab's title is made of. */
const title = { page: "Stele", cover: "", alarms: 0 };

function show(): void {
  const { page, cover, alarms } = title;
  document.title = `${alarms === 0 ? "" : `(${alarms}) `}${cover === "" ? page : cover}`;
}

/** Names the tab, and with it the bookmark and the line of the browser's history: `Live · main · Stele`. */
export function usePageTitle(...parts: readonly string[]): void {
  const text = visible([...parts, "Stele"].join(" · "));
  useEffect(() => {
    title.page = text;
    show();
  }, [text]);
}

/** Stands for the page's own title, which may say what was searched for, unless it is empty. */
export function useCoverTitle(text: string): void {
  useEffect(() => {
    title.cover = text;
    show();
  }, [text]);
}

/** The tab's title begins with how many alarms there are, so that they are seen from other tabs. */
export function useAlarmTitle(count: number): void {
  useEffect(() => {
    title.alarms = count;
    show();
    return () => {
      title.alarms = 0;
      show();
    };
  }, [count]);
}
