import { useEffect, useRef } from "react";

/** The space bar does it from anywhere on the page, except from where it means something else. */
export function useSpaceKey(act: () => void): void {
  const newest = useRef(act);
  useEffect(() => {
    newest.current = act;
  }, [act]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented)
        return;
      if (event.target instanceof Element && event.target.closest(SPACE_IS_THEIRS)) return;
      event.preventDefault();
      if (!event.repeat) newest.current();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

const SPACE_IS_THEIRS =
  "input, textarea, select, button, summary, [contenteditable], [role=menu], [role=dialog][aria-modal=true]";
