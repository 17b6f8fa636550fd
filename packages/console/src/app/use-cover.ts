import { useLayoutEffect } from "react";
import { useCoverTitle } from "./page-title.ts";

let isCovered = false;

// The first of all listeners: what is open on the page, and would close, waits as the page does.
addEventListener(
  "keydown",
  (event) => {
    if (isCovered && event.key === "Escape") event.stopImmediatePropagation();
  },
  { capture: true },
);

/**
 * Hides all that there is on the page, dialogs too, except {@link COVER}: from eyes and from screen readers. It stays as it is:
 * what was typed, chosen and scrolled to.
 */
export function useCover(covered: boolean, title: string): void {
  useCoverTitle(covered ? title : "");
  useLayoutEffect(() => {
    isCovered = covered;
    document.documentElement.toggleAttribute("data-covered", covered);
  }, [covered]);
}

/** The class of what is seen when nothing else is: app.css. */
export const COVER = "cover";
