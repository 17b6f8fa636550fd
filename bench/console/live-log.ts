import { setTimeout as sleep } from "node:timers/promises";
import type { SteleClient } from "@stele/client";
import type { Browser } from "playwright-core";
import { runLoad } from "../processes.ts";
import { VIEWPORT } from "./browser.ts";
import { watchFrames, type Smoothness } from "./frames.ts";

export interface LiveRun {
  /** Events that the node had acknowledged and the page had not counted yet, each half second. */
  readonly behind: readonly number[];
  readonly eventsPerSecond: number;
  readonly smoothness: Smoothness;
}

interface LiveJob {
  readonly url: string;
  readonly client: SteleClient;
  readonly rate: number;
  readonly seconds: number;
  readonly traces?: string | undefined;
}

const SAMPLE_EVERY_MS = 500;
const EVENTS_PER_REQUEST = 50;

/** The page that follows the log, while it grows fast. */
export async function followLog(browser: Browser, job: LiveJob): Promise<LiveRun> {
  const { url, client, rate, seconds, traces } = job;
  const context = await browser.newContext({ viewport: VIEWPORT });
  try {
    const page = await context.newPage();
    await page.goto(`${url}/live`);
    await page.getByText("in step").waitFor();
    const behind: number[] = [];
    let eventsPerSecond = 0;
    const smoothness = await watchFrames(
      browser,
      page,
      `the live page at ${rate} events a second, ${seconds} s`,
      async () => {
        let loading = true;
        const load = runLoad({
          url,
          path: "/v1/logs/main/events",
          connections: 2,
          eventsPerRequest: EVENTS_PER_REQUEST,
          seconds,
          rate,
          seed: 11,
        }).finally(() => (loading = false));
        while (loading) {
          await sleep(SAMPLE_EVERY_MS);
          const { treeSize } = await client.info();
          const seen = /([\d,]+) of [\d,]+, /.exec(await page.locator("main").innerText())?.[1];
          if (seen !== undefined) behind.push(Math.max(0, treeSize - Number(seen.replaceAll(",", ""))));
        }
        const { events, seconds: counted } = await load;
        eventsPerSecond = events / counted;
      },
      traces,
    );
    return { behind, eventsPerSecond, smoothness };
  } finally {
    await context.close();
  }
}
