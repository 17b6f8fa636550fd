import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { EmptyState } from "../ui/states.tsx";
import type { LiveFeed, LiveView } from "./live-feed.ts";
import { LiveRow } from "./live-row.tsx";
import classes from "./live.module.css";

interface LiveListProps {
  readonly feed: LiveFeed;
  readonly view: LiveView;
  readonly log: string;
  readonly isFiltered: boolean;
  readonly begin: (index: number) => void;
}

const WIDE = "(min-width: 48em)";
const ROW_HEIGHT = 28;
/** Where there is no room for one line. */
const TALL_ROW_HEIGHT = 54;
const LOOK_BACK = 100;
/** Less is a finger that rests. */
const SCROLLED_PX = 12;

/** The events, the newest on top. Whoever scrolls or moves in it wants to read: it is held. */
export function LiveList({ feed, view, log, isFiltered, begin }: LiveListProps) {
  const { rows, held, next, connection } = view;
  const place = useRef<HTMLDivElement>(null);
  const isWide = useMediaQuery(WIDE, window.matchMedia(WIDE).matches, { getInitialValueInEffect: false });
  const height = isWide ? ROW_HEIGHT : TALL_ROW_HEIGHT;
  /** The leaf index of the row that the keyboard is at. */
  const [active, setActive] = useState<number>();
  const rowAt = (position: number) => rows[rows.length - 1 - position]!;

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => place.current,
    estimateSize: () => height,
    getItemKey: (position) => rowAt(position).index,
    overscan: 8,
  });
  useEffect(() => virtualizer.measure(), [virtualizer, height]);
  useEffect(() => {
    if (!held) {
      setActive(undefined);
      place.current?.scrollTo({ top: 0 });
    }
  }, [held]);

  const move = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || rows.length === 0) return;
    const at = rows.findLastIndex(({ index }) => index === active);
    const position = at < 0 ? -1 : rows.length - 1 - at;
    const page = Math.max(1, Math.floor((place.current?.clientHeight ?? 0) / height) - 1);
    const goal = MOVES.get(event.key)?.(position, page, rows.length);
    if (goal === undefined) return;
    event.preventDefault();
    feed.hold();
    const reached = Math.min(rows.length - 1, Math.max(0, goal));
    setActive(rowAt(reached).index);
    virtualizer.scrollToIndex(reached);
  };

  const tabStop = rows.some(({ index }) => index === active) ? active : rows.at(-1)?.index;
  return (
    <div
      ref={place}
      className={classes["list"]}
      onScroll={({ currentTarget }) => {
        if (!held && currentTarget.scrollTop > SCROLLED_PX) feed.hold();
      }}
    >
      {rows.length === 0 && (
        <EmptyState title={connection.state === "ended" ? "Nothing came" : "Waiting for events"}>
          {isFiltered ? "What comes and matches the filter" : "What comes"} is shown here at once.
          {next !== undefined && next > 0 && (
            <div>
              <Button
                mt="sm"
                size="compact-sm"
                variant="default"
                onClick={() => begin(Math.max(0, next - LOOK_BACK))}
              >
                Begin {LOOK_BACK} events back
              </Button>
            </div>
          )}
        </EmptyState>
      )}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- its items are links, which it moves between */}
      <ul
        aria-label="Events, the newest first"
        className={classes["rows"]}
        style={{ height: virtualizer.getTotalSize() }}
        onKeyDown={move}
        onFocus={() => feed.hold()}
      >
        {virtualizer.getVirtualItems().map(({ index: position, key, start }) => {
          const row = rowAt(position);
          return (
            <LiveRow
              key={key}
              log={log}
              row={row}
              top={start}
              height={height}
              isTabStop={row.index === tabStop}
              isActive={held && row.index === active}
            />
          );
        })}
      </ul>
    </div>
  );
}

const MOVES = new Map<string, (position: number, page: number, count: number) => number>([
  ["ArrowDown", (position) => position + 1],
  ["ArrowUp", (position) => position - 1],
  ["PageDown", (position, page) => position + page],
  ["PageUp", (position, page) => position - page],
  ["Home", () => 0],
  ["End", (_position, _page, count) => count - 1],
]);
