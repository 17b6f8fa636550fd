import type { Browser } from "playwright-core";
import { VIEWPORT } from "./browser.ts";
import { watchFrames, type Smoothness } from "./frames.ts";

export interface ProofCheck {
  /** From the end of the answer that has the entry and its proof to the verdict on the screen. */
  readonly fromAnswerMs: number;
  /** From the end of the last answer that was needed (the log's keys and policy are asked for after the entry). */
  readonly fromLastAnswerMs: number;
  readonly smoothness: Smoothness;
}

/** An event's page, opened in a browser that has nothing of it, until it says what became of the proof. */
export async function checkProof(
  browser: Browser,
  url: string,
  index: number,
  traces?: string,
): Promise<ProofCheck> {
  const context = await browser.newContext({ viewport: VIEWPORT });
  try {
    const page = await context.newPage();
    // A document of the same origin, so that what is watched stays when the page goes on to the event.
    await page.goto(`${url}/verify`);
    await page.locator("h1").waitFor();
    const smoothness = await watchFrames(
      browser,
      page,
      "an event opened and its proof checked",
      async () => {
        await page.evaluate((path) => {
          history.pushState({}, "", path);
          dispatchEvent(new PopStateEvent("popstate"));
        }, `/event/main/${index}`);
        await page.evaluate(watchVerdict);
      },
      traces,
    );
    const verdict = await page.locator("[data-verdict]").getAttribute("data-verdict");
    if (verdict === "failed") throw new Error(`The proof of entry ${index} failed`);
    return { ...(await page.evaluate(() => globalThis.benchVerdict!)), smoothness };
  } finally {
    await context.close();
  }
}

declare global {
  /** In the page. */
  var benchVerdict: Omit<ProofCheck, "smoothness"> | undefined;
}

/** Runs in the page. */
async function watchVerdict(): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = () => {
      if (!document.querySelector("[data-verdict]")) return void requestAnimationFrame(look);
      const nowMs = performance.now();
      const answers = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
      const ended = (needed: RegExp) =>
        Math.max(
          0,
          ...answers
            .filter(({ name, responseEnd }) => needed.test(name) && responseEnd <= nowMs)
            .map(({ responseEnd }) => responseEnd),
        );
      globalThis.benchVerdict = {
        fromAnswerMs: nowMs - ended(/\/events\/\d+\?/),
        fromLastAnswerMs: nowMs - ended(/\/events\/\d+\?|\/keys|\/policy|\/checkpoint|\/proof/),
      };
      resolve();
    };
    look();
  });
}
