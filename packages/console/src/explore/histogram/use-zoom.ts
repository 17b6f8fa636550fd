import { useCallback, useRef } from "react";
import { useExplore, type ExploreChange } from "../use-explore.ts";
import type { TimeSpan } from "./bucket-range.ts";

interface Zoom {
  readonly zoomIn: (span: TimeSpan) => void;
  /** To where the last zoom came from; to any time if nobody zoomed here. */
  readonly zoomOut: () => void;
}

/** Zooming changes the time range of the URL, so that Back undoes it as well. */
export function useZoom(): Zoom {
  const { search, change } = useExplore();
  const { from, to } = search;
  const before = useRef<ExploreChange[]>([]);
  const zoomIn = useCallback(
    ({ fromMs, toMs }: TimeSpan) => {
      before.current.push({ from, to });
      change({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() });
    },
    [from, to, change],
  );
  const zoomOut = useCallback(() => {
    if (from === undefined && to === undefined) return;
    change(before.current.pop() ?? { from: undefined, to: undefined });
  }, [from, to, change]);
  return { zoomIn, zoomOut };
}
