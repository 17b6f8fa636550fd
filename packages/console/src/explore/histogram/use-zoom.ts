import { useCallback, useEffect, useRef } from "react";
import { useExplore, type ExploreChange } from "../use-explore.ts";
import type { TimeSpan } from "./bucket-range.ts";

interface Zoom {
  readonly zoomIn: (span: TimeSpan) => void;
  /** To where the last zoom came from; to any time if nobody zoomed here. */
  readonly zoomOut: () => void;
}

/** Zooming changes the time range of the URL, so that Back undoes it as well. Both functions stay the same: the chart is made of them. */
export function useZoom(): Zoom {
  const { search, change } = useExplore();
  const { from, to } = search;
  const before = useRef<ExploreChange[]>([]);
  const range = useRef<ExploreChange>({});
  useEffect(() => {
    range.current = { from, to };
  }, [from, to]);
  const zoomIn = useCallback(
    ({ fromMs, toMs }: TimeSpan) => {
      before.current.push(range.current);
      change({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() });
    },
    [change],
  );
  const zoomOut = useCallback(() => {
    if (range.current.from === undefined && range.current.to === undefined) return;
    change(before.current.pop() ?? { from: undefined, to: undefined });
  }, [change]);
  return { zoomIn, zoomOut };
}
