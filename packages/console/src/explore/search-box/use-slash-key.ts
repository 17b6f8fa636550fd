import { useEffect, type RefObject } from "react";

/** `/` goes to the input from anywhere on the page, except from where it is a letter. */
export function useSlashKey(input: RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented)
        return;
      if (event.target instanceof Element && event.target.closest(TYPED_INTO)) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [input]);
}

/** Also what lies over the page and keeps the focus. */
const TYPED_INTO = "input, textarea, select, [contenteditable], [role=dialog][aria-modal=true]";
