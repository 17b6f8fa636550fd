import { useMediaQuery } from "@mantine/hooks";
import { useMemo, useRef } from "react";
import { useLogName } from "../app/log-name.ts";
import { ErrorPanel } from "../ui/states.tsx";
import { useTotal } from "./histogram/use-counts.ts";
import { NothingFound } from "./nothing-found.tsx";
import { columnsOf } from "./result-table/columns.ts";
import { EventPane } from "./result-table/event-pane.tsx";
import { CARD_HEIGHT, ResultGrid, ROW_HEIGHT } from "./result-table/result-grid.tsx";
import { rowsMax } from "./result-table/row-limit.ts";
import { TableTools } from "./result-table/table-tools.tsx";
import { useColumnSizes } from "./result-table/use-column-sizes.ts";
import { useCursor } from "./result-table/use-cursor.ts";
import { useEventRow } from "./result-table/use-event-row.ts";
import { useRowWindows } from "./result-table/use-row-windows.ts";
import { useSnapshot } from "./snapshot.ts";
import { useExplore } from "./use-explore.ts";
import { useIsNarrow } from "./use-is-narrow.ts";
import classes from "./result-table/result-table.module.css";

/** Rows that hold the place while the first ones load. */
const ROWS_UNKNOWN = 30;

/** The hits, and beside them the one that is open. */
export function ResultTable() {
  const log = useLogName();
  const { search, query } = useExplore();
  const { order = "newest", event } = search;
  const { data: snapshot, error, isPlaceholderData, refetch } = useSnapshot();
  const total = useTotal(snapshot);
  const columns = useMemo(() => columnsOf(search.columns), [search.columns]);
  const isNarrow = useIsNarrow();
  const hasRoom = useMediaQuery("(min-width: 1100px)", true, { getInitialValueInEffect: false });
  const grid = useRef<HTMLDivElement>(null);

  const sizes = useColumnSizes(grid);
  const windows = useRowWindows(snapshot, order);
  const known = total ?? snapshot?.newest.events.length ?? ROWS_UNKNOWN;
  const rowCount = Math.min(known, rowsMax(isNarrow ? CARD_HEIGHT : ROW_HEIGHT));
  const eventRow = useEventRow({ event, snapshot, order, total, windows });
  const resultKey = `${log} ${order} ${query}`;
  const cursor = useCursor({ windows, resultKey, rowCount, eventRow });
  const close = () => {
    cursor.close();
    grid.current?.focus();
  };

  return (
    <div className={classes["frame"]}>
      <div className={classes["main"]} aria-busy={isPlaceholderData}>
        <TableTools snapshot={snapshot} columns={columns} sizes={sizes} />
        {error && (
          <ErrorPanel title="The events can't be searched" error={error} retry={() => void refetch()} />
        )}
        {windows.error !== undefined && (
          <ErrorPanel
            title="Some of the events can't be shown"
            error={windows.error}
            retry={() => windows.retry()}
          />
        )}
        {!error && known === 0 && <NothingFound />}
        {!error && known > 0 && (
          <div className={`${classes["main"]} ${isPlaceholderData ? classes["old"] : ""}`}>
            <ResultGrid
              windows={windows}
              resultKey={resultKey}
              rowCount={rowCount}
              total={total}
              columns={columns}
              sizes={sizes}
              isNarrow={isNarrow}
              order={order}
              cursor={cursor}
              openEvent={event}
              gridRef={grid}
            />
          </div>
        )}
      </div>
      {event !== undefined && (
        <EventPane
          log={log}
          event={event}
          isOver={!hasRoom}
          onPrevious={
            eventRow !== undefined && cursor.row > 0 ? () => cursor.moveTo(cursor.row - 1) : undefined
          }
          onNext={
            eventRow !== undefined && cursor.row < rowCount - 1
              ? () => cursor.moveTo(cursor.row + 1)
              : undefined
          }
          onClose={close}
        />
      )}
    </div>
  );
}
