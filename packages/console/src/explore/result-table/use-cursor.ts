import { useCallback, useEffect, useRef, useState } from "react";
import { useExplore } from "../use-explore.ts";
import type { RowWindows } from "./row-windows.ts";

/** Whoever holds an arrow key passes rows; the one that they stop at is opened. */
const OPEN_AFTER_MS = 150;

export interface Cursor {
  /** The row that keys act upon. */
  readonly row: number;
  readonly moveTo: (row: number) => void;
  readonly open: (row: number) => void;
  readonly close: () => void;
}

interface CursorOptions {
  readonly windows: RowWindows;
  /** Changes with what is asked, and not when the same is asked anew. */
  readonly resultKey: string;
  readonly rowCount: number;
  /** The row of the event that the URL names. */
  readonly eventRow: number | undefined;
}

/** Where the keyboard is in the table. While an event is open it follows. */
export function useCursor({ windows, resultKey, rowCount, eventRow }: CursorOptions): Cursor {
  const { search, change } = useExplore();
  const { event } = search;
  const [row, setRow] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  /** The event that this table opened: the cursor is, or was, there. */
  const own = useRef<number>(undefined);
  const shown = useRef(resultKey);
  const last = Math.max(0, rowCount - 1);

  useEffect(() => () => clearTimeout(timer.current), []);
  // Rows of another result are others. Of the same result, taken anew, the open event is looked for once more.
  useEffect(() => {
    own.current = undefined;
  }, [windows]);
  useEffect(() => {
    if (shown.current !== resultKey) setRow(0);
    shown.current = resultKey;
  }, [resultKey]);
  useEffect(() => {
    if (event !== own.current && eventRow !== undefined) setRow(eventRow);
    if (eventRow !== undefined) own.current = event;
  }, [event, eventRow]);

  const show = useCallback(
    (index: number, replace: boolean) => {
      own.current = index;
      change({ event: index }, { replace });
    },
    [change],
  );
  const open = useCallback(
    (to: number) => {
      setRow(to);
      const entry = windows.row(to);
      if (entry) show(entry.index, false);
    },
    [windows, show],
  );
  const moveTo = useCallback(
    (to: number) => {
      const next = Math.min(Math.max(to, 0), last);
      setRow(next);
      clearTimeout(timer.current);
      if (event === undefined) return;
      timer.current = setTimeout(() => {
        const entry = windows.row(next);
        if (entry) show(entry.index, true);
      }, OPEN_AFTER_MS);
    },
    [windows, show, last, event],
  );
  const close = useCallback(() => {
    clearTimeout(timer.current);
    if (event !== undefined) change({ event: undefined });
  }, [event, change]);
  return { row: Math.min(row, last), moveTo, open, close };
}
