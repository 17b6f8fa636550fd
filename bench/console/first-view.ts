import type { Browser } from "playwright-core";
import { VIEWPORT } from "./browser.ts";

/** Milliseconds from the beginning of the navigation, by the clock of the page. */
export interface FirstView {
  /** The search box takes text, and the first rows are seen. */
  readonly usableMs: number;
  /** Nothing holds the place of anything any more: bars and facets are there, too. */
  readonly completeMs: number;
  readonly lcpMs: number;
  /** Cumulative layout shift, until all is there. */
  readonly layoutShift: number;
  readonly shifts: readonly string[];
  /** CPU time of the page's main thread until all was there. */
  readonly cpuMs: number;
  /** What came before it was usable, in the order of its end. */
  readonly files: readonly LoadedFile[];
}

export interface LoadedFile {
  readonly path: string;
  readonly kind: string;
  /** With its headers, as it came over the wire. */
  readonly bytes: number;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** The Explore page in a browser that has nothing of it: no cache, no compiled code, no connection. */
export async function firstView(browser: Browser, url: string): Promise<FirstView> {
  const context = await browser.newContext({ viewport: VIEWPORT });
  try {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    await session.send("Network.enable");
    const begun = new Map<string, { path: string; kind: string; startedMs: number }>();
    const files: LoadedFile[] = [];
    let firstMs: number | undefined;
    session.on("Network.requestWillBeSent", ({ requestId, request, type = "Other", timestamp }) => {
      firstMs ??= timestamp * 1_000;
      const { pathname } = new URL(request.url);
      begun.set(requestId, { path: pathname, kind: type, startedMs: timestamp * 1_000 - firstMs });
    });
    session.on("Network.loadingFinished", ({ requestId, encodedDataLength, timestamp }) => {
      const file = begun.get(requestId);
      if (file) {
        files.push({ ...file, bytes: encodedDataLength, endedMs: timestamp * 1_000 - firstMs! });
      }
    });
    await page.addInitScript(watchFirstView);
    await page.goto(`${url}/`, { waitUntil: "commit" });
    await page.waitForFunction(() => globalThis.benchFirstView?.completeMs !== undefined);
    const { metrics } = await session.send("Performance.getMetrics");
    const cpuMs = 1_000 * metrics.find(({ name }) => name === "TaskDuration")!.value;
    const seen = await page.evaluate(() => globalThis.benchFirstView!);
    return {
      usableMs: seen.usableMs!,
      completeMs: seen.completeMs!,
      lcpMs: seen.lcpMs,
      layoutShift: seen.layoutShift,
      shifts: seen.shifts,
      cpuMs,
      files: files.filter(({ endedMs }) => endedMs <= seen.usableMs!),
    };
  } finally {
    await context.close();
  }
}

interface Watched {
  usableMs?: number;
  completeMs?: number;
  lcpMs: number;
  layoutShift: number;
  readonly shifts: string[];
}

declare global {
  /** In the page. */
  var benchFirstView: Watched | undefined;
}

/** Runs in the page, before its own scripts. */
function watchFirstView(): void {
  const watched: Watched = { lcpMs: 0, layoutShift: 0, shifts: [] };
  globalThis.benchFirstView = watched;
  new PerformanceObserver((list) => {
    for (const { startTime } of list.getEntries()) watched.lcpMs = startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { value, sources } = entry as PerformanceEntry & {
        readonly value: number;
        readonly sources: readonly { readonly node: Node | null }[];
      };
      watched.layoutShift += value;
      const moved = sources.map(({ node }) => (node instanceof Element ? node.className : node?.nodeName));
      watched.shifts.push(
        `${value.toFixed(4)} at ${Math.round(entry.startTime)} ms: ${moved.join(", ").slice(0, 200)}`,
      );
    }
  }).observe({ type: "layout-shift", buffered: true });
  // In the frame after the one in which it was first there: by then that one was drawn.
  const look = () => {
    const nowMs = performance.now();
    const box = document.querySelector<HTMLInputElement>("input[role=combobox]");
    const cell = document.querySelector("[data-row] [role=gridcell]");
    const isUsable = box?.disabled === false && cell !== null && cell.textContent !== "";
    const isComplete =
      isUsable && !document.querySelector(".mantine-Skeleton-root") && document.querySelector(".u-over");
    requestAnimationFrame(() => {
      if (isUsable) watched.usableMs ??= nowMs;
      if (isComplete) watched.completeMs ??= nowMs;
      else look();
    });
  };
  look();
}
