import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { TRACE_CATEGORIES, TRACE_MARK, tasksOf, type Task } from "./trace.ts";

export const LONG_MS = 50;

/** How smooth a page was while something was done with it. */
export interface Smoothness {
  readonly name: string;
  readonly frames: number;
  /** The longest time between two frames, by the clock. */
  readonly longestFrameMs: number;
  /** Frames that came more than 50 ms after the one before. */
  readonly longFrames: number;
  /** Long animation frames of the page, and the scripts that ran in each; the longest first. */
  readonly animationFrames: readonly string[];
  /** Of the main thread, the one with most CPU time first. */
  readonly tasks: readonly Task[];
  readonly seconds: number;
}

/** Traces the page while `act` works on it. */
export async function watchFrames(
  browser: Browser,
  page: Page,
  name: string,
  act: () => Promise<void>,
  traces?: string,
): Promise<Smoothness> {
  await page.evaluate(watch);
  await browser.startTracing(page, { categories: TRACE_CATEGORIES });
  await page.evaluate((mark) => void performance.mark(mark), TRACE_MARK);
  const startedMs = performance.now();
  let trace: Buffer;
  try {
    await act();
  } finally {
    trace = await browser.stopTracing();
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  if (traces !== undefined) {
    await writeFile(join(traces, `${name.replaceAll(/[^a-z0-9]+/gi, "-")}.json`), trace);
  }
  const { gapsMs, long } = await page.evaluate(() => globalThis.benchFrames!.end());
  return {
    name,
    frames: gapsMs.length,
    longestFrameMs: Math.max(0, ...gapsMs),
    longFrames: gapsMs.filter((ms) => ms > LONG_MS).length,
    animationFrames: long.toSorted((a, b) => Number.parseInt(b) - Number.parseInt(a)),
    tasks: tasksOf(trace).toSorted((a, b) => b.cpuMs - a.cpuMs),
    seconds,
  };
}

interface Watched {
  readonly end: () => { readonly gapsMs: readonly number[]; readonly long: readonly string[] };
}

declare global {
  /** In the page. */
  var benchFrames: Watched | undefined;
}

interface LongAnimationFrame extends PerformanceEntry {
  readonly scripts: readonly {
    readonly duration: number;
    readonly invoker: string;
    readonly sourceURL: string;
    readonly sourceFunctionName: string;
    readonly forcedStyleAndLayoutDuration: number;
  }[];
}

/** Runs in the page. */
function watch(): void {
  const gapsMs: number[] = [];
  const long: string[] = [];
  let beforeMs: number | undefined;
  let frame = requestAnimationFrame(function next(nowMs) {
    if (beforeMs !== undefined) gapsMs.push(nowMs - beforeMs);
    beforeMs = nowMs;
    frame = requestAnimationFrame(next);
  });
  const note = (entries: readonly PerformanceEntry[]) => {
    for (const { duration, scripts } of entries as readonly LongAnimationFrame[]) {
      const ran = scripts.map((script) => {
        const file = script.sourceURL.slice(script.sourceURL.lastIndexOf("/") + 1);
        const layout = Math.round(script.forcedStyleAndLayoutDuration);
        return `${script.invoker} ${script.sourceFunctionName} ${file} ${Math.round(script.duration)} ms${layout > 0 ? `, of it layout ${layout} ms` : ""}`;
      });
      long.push(`${Math.round(duration)} ms: ${ran.join("; ")}`);
    }
  };
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  observer.observe({ type: "long-animation-frame" });
  globalThis.benchFrames = {
    end: () => {
      cancelAnimationFrame(frame);
      note(observer.takeRecords());
      observer.disconnect();
      return { gapsMs, long };
    },
  };
}
