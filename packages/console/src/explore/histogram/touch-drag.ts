import type UPlot from "uplot";

/** A finger that moves less taps. */
const DRAG_PX_MIN = 8;

/**
 * Lets a finger draw over the plot as the mouse does, which uPlot alone knows. Taps and what goes up or down are the browser's: the
 * place's style must have `touch-action: pan-y pinch-zoom`. A hook `ready` of uPlot; it ends with the plot.
 */
export function touchDrag(plot: UPlot): void {
  /** Where the finger came down, and whether it draws by now. */
  let drag: { readonly pointer: number; readonly from: number; isDrawing: boolean } | undefined;
  const leftOf = ({ clientX }: PointerEvent) => {
    const { left, width } = plot.over.getBoundingClientRect();
    return Math.min(Math.max(clientX - left, 0), width);
  };
  const select = (left: number, width: number, isDone: boolean) =>
    plot.setSelect({ left, top: 0, width, height: plot.over.clientHeight }, isDone);
  const end = () => {
    drag = undefined;
    plot.setCursor({ left: -1, top: -1 });
  };

  plot.over.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch" || !event.isPrimary) return;
    drag = { pointer: event.pointerId, from: leftOf(event), isDrawing: false };
  });
  plot.over.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drag?.pointer) return;
    const to = leftOf(event);
    drag.isDrawing ||= Math.abs(to - drag.from) >= DRAG_PX_MIN;
    if (!drag.isDrawing) return;
    select(Math.min(drag.from, to), Math.abs(to - drag.from), false);
    plot.setCursor({ left: to, top: 0 });
  });
  plot.over.addEventListener("pointerup", (event) => {
    if (event.pointerId !== drag?.pointer) return;
    const { from, isDrawing } = drag;
    const to = leftOf(event);
    if (!isDrawing) return void (drag = undefined);
    end();
    select(Math.min(from, to), Math.abs(to - from), true);
  });
  // The browser scrolls or zooms the page instead.
  plot.over.addEventListener("pointercancel", (event) => {
    if (event.pointerId !== drag?.pointer) return;
    if (drag.isDrawing) select(0, 0, false);
    end();
  });
}
