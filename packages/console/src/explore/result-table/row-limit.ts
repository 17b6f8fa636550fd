/** The node skips no more hits than this. */
const OFFSET_MAX = 1_000_000;
/** Below what the browsers can do; measured once. */
const HEIGHT_PX_MAX = 33_000_000;

let heightMax: number | undefined;

/** How many rows a table can have: the browser draws no element of any height (Chromium 33 million pixels, Firefox 17). */
export function rowsMax(rowHeight: number): number {
  heightMax ??= measureHeightMax();
  return Math.min(OFFSET_MAX, Math.floor(heightMax / rowHeight));
}

function measureHeightMax(): number {
  const probe = document.createElement("div");
  probe.style.position = "absolute";
  probe.style.visibility = "hidden";
  probe.style.height = `${HEIGHT_PX_MAX}px`;
  document.body.append(probe);
  const height = probe.getBoundingClientRect().height;
  probe.remove();
  return Math.min(HEIGHT_PX_MAX, height);
}
