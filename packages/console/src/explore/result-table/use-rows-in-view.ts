import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, type RefObject } from "react";

/**
 * Rows are looked at in blocks of so many: the virtualizer goes over all that it has whenever their number changes, which takes
 * 20 to 40 ms for a million rows and a fifth of it for their blocks.
 */
const BLOCK_ROWS = 5;
const OVERSCAN_BLOCKS = 1;

interface RowsInViewOptions {
  readonly gridRef: RefObject<HTMLDivElement | null>;
  readonly rowCount: number;
  /** Of each row, in pixels. */
  readonly height: number;
  /** Of the head, which covers what is scrolled under it. */
  readonly headHeight: number;
}

interface RowsInView {
  /** The first and the last row that are in view or near it; undefined while there are none. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** So many rows are seen at once. */
  readonly pageRows: number;
  /** Scrolls as little as shows the row. Keeps its identity, as the one below. */
  readonly scrollToRow: (row: number) => void;
  readonly scrollToTop: () => void;
}

/** Which rows of a long table there have to be. */
export function useRowsInView({ gridRef, rowCount, height, headHeight }: RowsInViewOptions): RowsInView {
  const virtual = useVirtualizer({
    count: Math.ceil(rowCount / BLOCK_ROWS),
    getScrollElement: () => gridRef.current,
    estimateSize: () => BLOCK_ROWS * height,
    overscan: OVERSCAN_BLOCKS,
    scrollMargin: headHeight,
    useFlushSync: false,
  });
  useEffect(() => virtual.measure(), [virtual, height]);

  const scrollToRow = useCallback(
    (row: number) => {
      const grid = gridRef.current;
      if (!grid) return;
      const top = row * height;
      const bottom = headHeight + top + height;
      if (top < grid.scrollTop) grid.scrollTop = top;
      else if (bottom > grid.scrollTop + grid.clientHeight) grid.scrollTop = bottom - grid.clientHeight;
    },
    [gridRef, height, headHeight],
  );
  const scrollToTop = useCallback(() => virtual.scrollToOffset(0), [virtual]);

  const blocks = virtual.getVirtualItems();
  const [firstBlock, lastBlock] = [blocks[0]?.index, blocks.at(-1)?.index];
  const seen = (virtual.scrollRect?.height ?? 0) - headHeight;
  return {
    first: firstBlock === undefined ? undefined : firstBlock * BLOCK_ROWS,
    last: lastBlock === undefined ? undefined : Math.min(rowCount, (lastBlock + 1) * BLOCK_ROWS) - 1,
    pageRows: Math.max(0, Math.floor(seen / height)),
    scrollToRow,
    scrollToTop,
  };
}
