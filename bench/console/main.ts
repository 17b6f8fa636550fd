/*
 * How fast the console is, in a real Chromium against a real node. Prints Markdown. Nothing here fails for being slow.
 * `npm run bench:console -- [--smoke] [--events N] [--runs N] [--only view,explore,event,live] [--data DIRECTORY] [--traces DIRECTORY]`
 * `--data` keeps the log for the next time; `--traces` keeps what Chromium recorded, for its DevTools.
 */
import { mkdir } from "node:fs/promises";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { describeMachine, fixed, percentile, whole } from "../statistics.ts";
import { startBrowser, VIEWPORT } from "./browser.ts";
import { ACTIONS, settled } from "./explore-actions.ts";
import { FilledNode } from "./filled-node.ts";
import { firstView, type FirstView } from "./first-view.ts";
import { LONG_MS, watchFrames, type Smoothness } from "./frames.ts";
import { followLog } from "./live-log.ts";
import { checkProof } from "./proof-check.ts";

const { values } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    events: { type: "string" },
    runs: { type: "string" },
    only: { type: "string", default: "view,explore,event,live" },
    data: { type: "string" },
    traces: { type: "string" },
  },
});
const EVENTS = Number(values.events ?? (values.smoke ? 3_000 : 1_000_000));
const RUNS = Number(values.runs ?? (values.smoke ? 1 : 7));
const LIVE = values.smoke ? { rate: 200, seconds: 2 } : { rate: 2_000, seconds: 20 };
const IDLE_MS = values.smoke ? 500 : 5_000;
const SCRIPT_BYTES_MAX = 300_000;
/** Of the long animation frames of each action. */
const TOLD_MAX = 5;
const parts = new Set(values.only.split(","));
const { traces } = values;

async function measureFirstView(browser: Browser, url: string): Promise<void> {
  const views: FirstView[] = [];
  for (let n = 0; n < RUNS; n++) views.push(await firstView(browser, url));
  const row = (name: string, aim: string, of: (view: FirstView) => number, digits = 0) => {
    const figures = views.map(of);
    const [middle, low, high] = [percentile(figures, 0.5), Math.min(...figures), Math.max(...figures)];
    const [a, b, c] = [middle, low, high].map((figure) => fixed(figure, digits));
    console.log(`| ${name} | ${aim} | ${a} (${b} to ${c}) |`);
  };
  console.log(
    `\n| first view of ${whole(EVENTS)} events, nothing cached, ${RUNS} times: median (lowest to highest) | aim | figure |\n| --- | --- | --- |`,
  );
  row("search box and first rows are there, ms", "≤ 1,500", ({ usableMs }) => usableMs);
  row("histogram and facets, too, ms", "", ({ completeMs }) => completeMs);
  row("… CPU time of the main thread, ms", "", ({ cpuMs }) => cpuMs);
  row("largest contentful paint, ms", "", ({ lcpMs }) => lcpMs);
  row("cumulative layout shift", "≤ 0.05", ({ layoutShift }) => layoutShift, 4);
  const middle = views.toSorted((a, b) => a.usableMs - b.usableMs)[Math.floor(views.length / 2)]!;
  const bytesOf = (kind: string) =>
    middle.files.reduce((sum, file) => sum + (file.kind === kind ? file.bytes : 0), 0);
  const scriptBytes = bytesOf("Script");
  console.log(`| JavaScript, compressed, B | ≤ ${whole(SCRIPT_BYTES_MAX)} | ${whole(scriptBytes)} |`);
  console.log(`| CSS, compressed, B | | ${whole(bytesOf("Stylesheet"))} |`);
  console.log(
    "\n| what came until then (of the median) | B | asked at, ms | there at, ms |\n| --- | --- | --- | --- |",
  );
  for (const { path, bytes, startedMs, endedMs } of middle.files.toSorted(
    (a, b) => a.startedMs - b.startedMs,
  )) {
    console.log(`| ${path} | ${whole(bytes)} | ${whole(startedMs)} | ${whole(endedMs)} |`);
  }
  for (const shift of middle.shifts) console.log(`\nLayout shift ${shift}`);
  if (scriptBytes > SCRIPT_BYTES_MAX) throw new Error(`The first route loads ${scriptBytes} B of JavaScript`);
}

function describe({ name, frames, seconds, longestFrameMs, longFrames, tasks }: Smoothness): void {
  const [heaviest] = tasks;
  const longestMs = Math.max(0, ...tasks.map(({ clockMs }) => clockMs));
  const long = (of: "clockMs" | "cpuMs") => tasks.filter((task) => task[of] > LONG_MS).length;
  const figures = [
    name,
    `${whole(frames)} in ${fixed(seconds)} s`,
    `${whole(longestFrameMs)} ms, ${longFrames}`,
    `${whole(longestMs)} ms, ${long("clockMs")}`,
    `${whole(heaviest?.cpuMs ?? 0)} ms, ${long("cpuMs")}`,
    heaviest?.parts.join(", ") ?? "",
  ];
  console.log(`| ${figures.join(" | ")} |`);
}

function told(all: readonly Smoothness[]): void {
  for (const { name, animationFrames } of all) {
    for (const frame of animationFrames.slice(0, TOLD_MAX)) console.log(`- ${name}: ${frame}`);
  }
}

function spread(figures: readonly number[]): string {
  return `median ${whole(percentile(figures, 0.5))} ms (${whole(Math.min(...figures))} to ${whole(Math.max(...figures))})`;
}

async function measureSmoothness(browser: Browser, node: FilledNode): Promise<void> {
  console.log(
    `\n| on ${whole(EVENTS)} events | frames | longest frame, over ${LONG_MS} ms | longest task by the clock, over ${LONG_MS} ms | heaviest task in CPU time, over ${LONG_MS} ms | made of, by the clock |\n| --- | --- | --- | --- | --- | --- |`,
  );
  const all: Smoothness[] = [];
  const note = (smoothness: Smoothness) => {
    describe(smoothness);
    all.push(smoothness);
  };
  const page = await browser.newPage({ viewport: VIEWPORT });
  page.setDefaultTimeout(120_000);
  note(
    await watchFrames(browser, page, "about:blank, nothing done", () => page.waitForTimeout(IDLE_MS), traces),
  );
  if (parts.has("explore")) {
    await page.goto(`${node.url}/`);
    await settled(page);
    for (const { name, act } of ACTIONS) {
      note(await watchFrames(browser, page, name, () => act(page), traces));
    }
  }
  await page.close();
  const notes: string[] = [];
  if (parts.has("event")) {
    const checks = [];
    for (let n = 0; n < RUNS; n++) {
      checks.push(await checkProof(browser, node.url, Math.floor((EVENTS * (n + 1)) / (RUNS + 2)), traces));
    }
    for (const { smoothness } of checks.slice(0, 1)) note(smoothness);
    notes.push(
      `Proof, from the answer with the entry to the verdict: ${spread(checks.map(({ fromAnswerMs }) => fromAnswerMs))}; ` +
        `from the last answer that it needs: ${spread(checks.map(({ fromLastAnswerMs }) => fromLastAnswerMs))}.`,
    );
  }
  if (parts.has("live")) {
    const { behind, eventsPerSecond, smoothness } = await followLog(browser, {
      url: node.url,
      client: node.client,
      ...LIVE,
      traces,
    });
    note(smoothness);
    notes.push(
      `Live, ${whole(eventsPerSecond)} events/s written: the page was behind by ${whole(percentile(behind, 0.5))} events (median), ` +
        `${whole(Math.max(...behind))} at most, of ${behind.length} looks.`,
    );
  }
  for (const text of notes) console.log(`\n${text}`);
  console.log("\nLong animation frames:\n");
  told(all);
}

const browser = await startBrowser();
try {
  console.log(`Machine: ${describeMachine()}; Chromium ${browser.version()}`);
  console.log(`Command: npm run bench:console -- ${process.argv.slice(2).join(" ")}`);
  if (traces !== undefined) await mkdir(traces, { recursive: true });
  const node = await FilledNode.start(EVENTS, values.data);
  try {
    console.log(
      `Load before: ${loadavg()
        .map((load) => fixed(load))
        .join(", ")}`,
    );
    if (parts.has("view")) await measureFirstView(browser, node.url);
    if (parts.size > 1 || !parts.has("view")) await measureSmoothness(browser, node);
    console.log(
      `\nLoad after: ${loadavg()
        .map((load) => fixed(load))
        .join(", ")}`,
    );
  } finally {
    await node.close();
  }
} finally {
  await browser.close();
}
