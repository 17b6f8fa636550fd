import type { EventInput } from "@stele/client";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  ConsoleNode,
  HAS_CHROMIUM,
  TestBrowser,
  type ConsolePage,
  type PageOptions,
} from "./harness/index.ts";

/** What the browser says of a node that is not there for a while. */
const GONE = /Failed to load resource: net::ERR_/;

function someEvents(count: number, actor: string): EventInput[] {
  return Array.from({ length: count }, () => ({ action: "door.opened", actor: { id: actor } }));
}

const link = (page: Page, index: number) =>
  page.getByRole("link", { name: `#${index.toLocaleString("en-US")} `, exact: false });
/** Rows that are not drawn yet take the focus once they are. */
const focused = (page: Page, index: number) =>
  expect.poll(() => link(page, index).evaluate((element) => element === document.activeElement)).toBe(true);
const connected = (page: Page) => page.getByText("Connected", { exact: true }).waitFor();

/** The indexes of all rows, in the order that they have in the list, the newest first. */
async function allIndexes(page: Page): Promise<number[]> {
  const list = page.getByRole("list", { name: "Events" });
  return await list.evaluate(async (element) => {
    const place = element.parentElement!;
    const found = new Map<number, number>();
    for (let top = 0; top <= place.scrollHeight; top += place.clientHeight) {
      place.scrollTo({ top });
      // The list draws in the first frame, and is drawn in the second one.
      for (let i = 0; i < 2; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
      for (const row of element.querySelectorAll<HTMLElement>("[data-index]")) {
        found.set(new DOMMatrix(row.parentElement!.style.transform).m42, Number(row.dataset["index"]));
      }
    }
    return [...found].toSorted(([a], [b]) => a - b).map(([, index]) => index);
  });
}

/** `[from, to)`, the newest first. */
function newestFirst(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => to - 1 - i);
}

// Where there is no Chromium, what runs in it can't be tested.
describe.skipIf(!HAS_CHROMIUM)("the live page", () => {
  let node: ConsoleNode;
  let browser: TestBrowser;
  const open: ConsolePage[] = [];

  beforeAll(async () => {
    [node, browser] = await Promise.all([ConsoleNode.start(), TestBrowser.start()]);
  });

  afterAll(async () => {
    await browser?.close();
    await node?.close();
  });

  afterEach(async () => {
    for (const page of open.splice(0)) await page.close();
  });

  async function openLive(search = "", options: Partial<PageOptions> = {}): Promise<ConsolePage> {
    const opened = await browser.open(node, { path: `/live${search}`, ...options });
    open.push(opened);
    return opened;
  }

  /** The size of the log then. */
  async function append(events: readonly EventInput[]): Promise<number> {
    const { receipts } = await node.client().append(events);
    return receipts.at(-1)!.index + 1;
  }

  test("shows what is appended, and what a filter lets through", async () => {
    const { page } = await openLive();
    const filtered = await openLive("?q=actor:bob");
    for (const each of [page, filtered.page]) {
      await connected(each);
      await each.getByText("Waiting for events").waitFor();
    }
    const size = await append([...someEvents(2, "bob"), ...someEvents(3, "alice")]);
    await link(page, size - 1).waitFor();
    expect(await allIndexes(page)).toEqual(newestFirst(size - 5, size));
    await filtered.page.getByText(`${size.toLocaleString("en-US")} of`).waitFor();
    expect(await allIndexes(filtered.page)).toEqual(newestFirst(size - 5, size - 3));

    // Another filter begins anew, where it is told to.
    const search = filtered.page.getByRole("combobox", { name: "Search" });
    await search.fill("actor:alice");
    await search.press("Enter");
    await filtered.page.getByText("Waiting for events").waitFor();
    await filtered.page.getByRole("button", { name: "Begin 100 events back" }).click();
    await link(filtered.page, size - 1).waitFor();
    await expect.poll(() => new URL(filtered.page.url()).search).toBe(`?q=actor%3Aalice&from=${size - 100}`);
    await filtered.page.goBack();
    await filtered.page.getByText("Waiting for events").waitFor();

    await search.fill("outcome:good");
    await search.press("Enter");
    await filtered.page.getByRole("alert").getByText("there is no such outcome").waitFor();
  });

  test("pauses by key, by button and by scrolling; afterwards everything is there", async () => {
    const { page } = await openLive();
    await connected(page);
    const before = await append(someEvents(60, "carol"));
    await link(page, before - 1).waitFor();
    await page.locator("body").press("Space");
    await page.getByRole("button", { name: "Resume" }).waitFor();
    const size = await append(someEvents(40, "carol"));
    await page.getByText("Paused, 40 wait").waitFor();
    expect(await allIndexes(page)).toEqual(newestFirst(before - 60, before));
    await page.getByRole("button", { name: "Resume" }).click();
    await link(page, size - 1).waitFor();
    expect(await allIndexes(page)).toEqual(newestFirst(before - 60, size));
    // Reading it scrolled.
    await page.getByText("Paused").first().waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await link(page, size - 1).waitFor();

    // By keyboard to an event, and back.
    await link(page, size - 1).focus();
    await page.keyboard.press("ArrowDown");
    await focused(page, size - 1);
    await page.keyboard.press("ArrowDown");
    await focused(page, size - 2);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${node.url}/event/main/${size - 2}*`);
    await page.goBack();
    await page.locator("body").press("/");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Search");
  });

  test("of more than waits in a pause nothing is lost, and what fell out of view is linked", async () => {
    const { page } = await openLive();
    await connected(page);
    const start = (await node.client().info()).treeSize;
    await page.getByRole("button", { name: "Pause" }).click();
    for (let i = 0; i < 4; i++) await append(someEvents(2_000, "dave"));
    await page.getByText("Paused, 5,000 wait, and more in the log").waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText(`${(start + 8_000).toLocaleString("en-US")} of`).waitFor();
    await page.getByText("3,000 older ones made room").waitFor();
    await link(page, start + 7_999).focus();
    await page.keyboard.press("End");
    await link(page, start + 3_000).waitFor();
    expect(await page.getByText("has a break").count()).toBe(0);
    await page.getByRole("link", { name: "see them in Explore" }).click();
    await page.getByRole("heading", { level: 1, name: "Explore" }).waitFor();
  });

  test("a node that is killed and comes again: each index once, in order, in two pages", async () => {
    const pages = [await openLive(), await openLive("", { width: 390, colorScheme: "dark" })];
    for (const each of pages) {
      each.allow(GONE);
      await connected(each.page);
    }
    const start = (await node.client().info()).treeSize;
    let size = start;
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 5; i++) size = await append(someEvents(20, "erin"));
      await node.kill();
      for (const { page } of pages) await page.getByText("Reconnecting").first().waitFor();
      await node.restart();
      for (let i = 0; i < 5; i++) size = await append(someEvents(20, "erin"));
    }
    expect(size).toBe(start + 400);
    for (const { page } of pages) {
      await page.getByText(`${size.toLocaleString("en-US")} of`).waitFor();
      await connected(page);
      expect(await allIndexes(page)).toEqual(newestFirst(start, size));
      expect(await page.getByText("has a break").count()).toBe(0);
    }
  });
});
