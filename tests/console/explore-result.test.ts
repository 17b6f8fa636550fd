import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ConsoleNode,
  expectAccessible,
  FILLED_EVENTS,
  HAS_CHROMIUM,
  screenshot,
  TestBrowser,
  type PageOptions,
} from "./harness/index.ts";

const ALL = `${FILLED_EVENTS.toLocaleString("en-US")} events`;

/** A machine may have other things to do. */
const poll = <T>(value: () => T) => expect.poll(value, { timeout: 60_000 });

const grid = (page: Page) => page.getByRole("grid", { name: /^Events/ });
const row = (page: Page, position: number) => grid(page).locator(`[data-row="${position}"]`);
const total = (page: Page) => page.getByRole("region", { name: "Events over time" }).getByRole("status");
const parameter = (page: Page, name: string) => new URL(page.url()).searchParams.get(name);
/** The text of the row that the focus refers to. */
const current = async (page: Page) => {
  const id = await grid(page).getAttribute("aria-activedescendant");
  return await page.locator(`[id="${id}"]`).getAttribute("aria-rowindex");
};

/** A finger that goes over the page in steps. */
async function drag(page: Page, from: readonly [number, number], to: readonly [number, number]) {
  const session = await page.context().newCDPSession(page);
  const STEPS = 8;
  const touch = async (type: "touchStart" | "touchMove" | "touchEnd", part: number) => {
    const [x, y] = [0, 1].map((i) => from[i]! + (to[i]! - from[i]!) * part);
    const touchPoints = type === "touchEnd" ? [] : [{ x: x!, y: y! }];
    await session.send("Input.dispatchTouchEvent", { type, touchPoints });
  };
  await touch("touchStart", 0);
  for (let step = 1; step <= STEPS; step++) await touch("touchMove", step / STEPS);
  // A finger that rests before it is lifted throws nothing: Chromium takes a tap that comes soon after a throw for its end.
  await sleep(300);
  await touch("touchMove", 1);
  await touch("touchEnd", 1);
  await session.detach();
}

describe.skipIf(!HAS_CHROMIUM)("the histogram, the facets and the table", () => {
  let browser: TestBrowser;
  let node: ConsoleNode;

  beforeAll(async () => {
    browser = await TestBrowser.start();
    node = await ConsoleNode.start();
    await node.client().searchPage("", { minIndex: FILLED_EVENTS - 1 });
  });
  afterAll(async () => {
    await browser.close();
    await node.close();
  });

  async function withPage(options: PageOptions, use: (page: Page) => Promise<void>): Promise<void> {
    const opened = await browser.open(node, options);
    await use(opened.page);
    await opened.close();
  }

  it("goes through the whole table by keys, and opens an event", async () => {
    await withPage({ path: "/?columns=index,action" }, async (page) => {
      await poll(async () => await total(page).textContent()).toBe(ALL);
      await row(page, 0)
        .getByText((FILLED_EVENTS - 1).toLocaleString("en-US"))
        .waitFor();
      await grid(page).focus();
      await page.keyboard.press("ArrowDown");
      expect(await current(page)).toBe("3");
      await page.keyboard.press("End");
      await poll(async () => await current(page)).toBe(String(FILLED_EVENTS + 1));
      await row(page, FILLED_EVENTS - 1)
        .getByRole("gridcell", { name: "0", exact: true })
        .waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("region", { name: "Event 0", exact: true }).waitFor();
      await page.keyboard.press("ArrowUp");
      await poll(() => parameter(page, "event")).toBe("1");
      await page.keyboard.press("Escape");
      await poll(() => parameter(page, "event")).toBeNull();
      expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("grid");
      // Of so many rows, few are there.
      expect(await grid(page).locator("[data-row]").count()).toBeLessThan(100);
    });
  });

  it("says how far each event got, in a column that can be chosen", async () => {
    const { events } = await node.client().searchPage("", { pageSize: 1 });
    expect(events[0]!.state).toMatch(/^(committed|sealed)$/);
    await withPage({ path: "/?columns=index,state" }, async (page) => {
      await row(page, 0).getByRole("gridcell", { name: events[0]!.state!, exact: true }).waitFor();
    });
    await withPage({ path: "/?columns=index,state&order=oldest" }, async (page) => {
      await row(page, 0).getByRole("gridcell", { name: "sealed", exact: true }).waitFor();
    });
  });

  it("goes to the row of the event that a link names", async () => {
    await withPage({ path: "/?event=100000&order=oldest" }, async (page) => {
      await row(page, 100_000).waitFor();
      await poll(async () => await row(page, 100_000).getAttribute("aria-selected")).toBe("true");
      await page.getByRole("button", { name: "Next result" }).click();
      await poll(() => parameter(page, "event")).toBe("100001");
    });
  });

  it("zooms by drawing over bars, and Back zooms out", async () => {
    await withPage({ path: "/" }, async (page) => {
      await poll(async () => await total(page).textContent()).toBe(ALL);
      const box = (await page.getByRole("slider").boundingBox())!;
      const y = box.y + box.height / 3;
      await page.mouse.move(box.x + 0.4 * box.width, y);
      await page.mouse.down();
      await page.mouse.move(box.x + 0.6 * box.width, y, { steps: 4 });
      await page.mouse.up();
      await poll(() => parameter(page, "from")).toMatch(/^\d{4}-/);
      await poll(async () => await total(page).textContent()).not.toBe(ALL);
      await page.goBack();
      await poll(async () => await total(page).textContent()).toBe(ALL);
      expect(parameter(page, "from")).toBeNull();
      // A click takes the bar, and two go back.
      await page.mouse.click(box.x + 0.5 * box.width, y);
      await poll(() => parameter(page, "from")).toMatch(/^\d{4}-/);
      await page.mouse.dblclick(box.x + 0.5 * box.width, y);
      await poll(() => parameter(page, "from")).toBeNull();
    });
  });

  it("zooms by a finger that draws over bars, and scrolls by one that goes up", async () => {
    await withPage({ path: "/", width: 390, touch: true }, async (page) => {
      await poll(async () => await total(page).textContent()).toBe(ALL);
      const box = (await page.getByRole("slider").boundingBox())!;
      const y = box.y + box.height / 3;
      await drag(page, [box.x + 0.4 * box.width, y], [box.x + 0.7 * box.width, y]);
      await poll(() => parameter(page, "from")).toMatch(/^\d{4}-/);
      await poll(async () => await total(page).textContent()).not.toBe(ALL);
      const [from, to] = [parameter(page, "from")!, parameter(page, "to")!];
      // About a third of thirty days.
      const days = (Date.parse(to) - Date.parse(from)) / 86_400_000;
      expect(days).toBeGreaterThan(6);
      expect(days).toBeLessThan(16);
      expect(await page.evaluate(() => scrollY)).toBe(0);
      await page.goBack();
      await poll(async () => await total(page).textContent()).toBe(ALL);

      await page.touchscreen.tap(box.x + 0.5 * box.width, y);
      await poll(() => parameter(page, "from")).toMatch(/^\d{4}-/);
      await page.goBack();
      await poll(async () => await total(page).textContent()).toBe(ALL);
      await drag(page, [box.x + 0.5 * box.width, y], [box.x + 0.5 * box.width + 20, y - 150]);
      await poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(50);
      expect(parameter(page, "from")).toBeNull();
    });
  });

  it("has two rows of controls above the first event on a narrow page, and a third one when it is asked for", async () => {
    await withPage({ path: "/", width: 390 }, async (page) => {
      await row(page, 0).getByText("success").or(row(page, 0).getByText("denied")).first().waitFor();
      const heads = () =>
        page
          .locator("main")
          .getByRole("button")
          .or(page.locator("main").getByRole("combobox"))
          .evaluateAll((all) => [
            ...new Set(
              all
                .map((one) => one.getBoundingClientRect())
                .map(({ top, height }) => Math.round((top + height / 2) / 12)),
            ),
          ]);
      expect(await heads()).toHaveLength(2);
      const more = page.getByRole("button", { name: "More controls" });
      expect(await more.getAttribute("aria-expanded")).toBe("false");
      await more.focus();
      await page.keyboard.press("Enter");
      // What was folded away is next for the keyboard.
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe(
        "Saved searches",
      );
      await page.getByRole("button", { name: "Export" }).waitFor();
      await page.getByRole("combobox", { name: "Split by" }).selectOption("actor");
      await poll(() => parameter(page, "split")).toBe("actor");
      await page.getByRole("button", { name: "Newest first" }).click();
      await poll(() => parameter(page, "order")).toBe("oldest");
      await expectAccessible(page);
      await screenshot(page, "explore-unfolded-390-light");
      await page.getByRole("button", { name: "Fewer controls" }).click();
      expect(await heads()).toHaveLength(2);
    });
  });

  it("zooms by keys, and says what a bar is", async () => {
    await withPage({ path: "/" }, async (page) => {
      const bars = page.getByRole("slider");
      await bars.focus();
      await bars.press("ArrowRight");
      await bars.press("ArrowRight");
      expect(await bars.getAttribute("aria-valuenow")).toBe("2");
      expect(await bars.getAttribute("aria-valuetext")).toMatch(/UTC, [\d,]+ events: success [\d,]+/);
      await bars.press("Enter");
      await poll(() => parameter(page, "to")).not.toBeNull();
      await bars.press("Escape");
      await poll(() => parameter(page, "to")).toBeNull();
    });
  });

  it("narrows the query by a facet, and takes it back", async () => {
    await withPage({ path: "/" }, async (page) => {
      const outcomes = page.getByRole("region", { name: "Outcomes" });
      const denied = outcomes.getByRole("button", { name: /^denied/ });
      await denied.click();
      await poll(() => parameter(page, "q")).toBe("outcome:denied");
      await poll(async () => await denied.getAttribute("aria-pressed")).toBe("true");
      // As the table shows them.
      await page
        .getByRole("region", { name: "Actors" })
        .getByRole("button", { name: /^\w+ \S+ \(usr_acme_\d+\)/ })
        .first()
        .waitFor();
      const { values } = await node.client().topValues("", "outcome");
      const count = values.find(({ value }) => value === "denied")!.count;
      await poll(async () => await total(page).textContent()).toBe(`${count.toLocaleString("en-US")} events`);
      await denied.click();
      await poll(() => parameter(page, "q")).toBeNull();
      await denied.click({ button: "right" });
      await poll(() => parameter(page, "q")).toBe("-outcome:denied");
    });
  });

  it("says that there are new events, and shows them when asked to", async () => {
    await withPage({ path: "/?q=tenant:new-here" }, async (page) => {
      await poll(async () => await total(page).textContent()).toBe("0 events");
      const event = { action: "test.seen", actor: { id: "tester" }, tenant: "new-here" };
      await node.client().append([event]);
      await page.getByRole("button", { name: "1 new event" }).click({ timeout: 60_000 });
      await row(page, 0).getByText("test.seen").waitFor();
      await poll(async () => await total(page).textContent()).toBe("1 event");
    });
  });

  it("makes columns wider and narrower, by pointer and by keys, and keeps that for this browser", async () => {
    await withPage({ path: "/" }, async (page) => {
      const head = (name: string) => page.locator(`[data-column=${name}]`);
      const edge = async (name: string) => {
        const { x, width } = (await head(name).boundingBox())!;
        return { x: x + width, width };
      };
      // What the newest event is, other tests decide.
      await row(page, 0).locator("[aria-colindex='3']").getByText(/\w/).waitFor();
      const [before, y] = [await edge("action"), (await head("action").boundingBox())!.y + 10];
      await page.mouse.move(before.x - 4, y);
      await page.mouse.down();
      await page.mouse.move(before.x + 56, y, { steps: 6 });
      // The edge is where the pointer is, and the rows go with it, before it is let go and after.
      await poll(async () => (await edge("action")).x).toBeCloseTo(before.x + 60, -1);
      await page.mouse.up();
      await poll(async () => (await edge("action")).x).toBeCloseTo(before.x + 60, -1);
      expect((await edge("action")).width).toBeCloseTo(before.width + 60, -1);
      const cell = (await row(page, 0).locator("[aria-colindex='3']").boundingBox())!;
      expect(cell.x + cell.width).toBeCloseTo((await edge("action")).x, 0);
      // The columns before it are as wide as they were.
      expect((await edge("action")).x - (await edge("action")).width).toBeCloseTo(
        before.x - before.width,
        -1,
      );

      await page.getByRole("button", { name: "Columns" }).focus();
      await page.keyboard.press("Enter");
      const { width } = await edge("time");
      await page.getByRole("button", { name: "Make Time narrower" }).press("Enter");
      await poll(async () => (await edge("time")).width).toBeCloseTo(width - 24, 0);
      await page.getByText(/^Time is \d+ pixels wide$/).waitFor();
      await page.getByRole("button", { name: "Make Time wider" }).press("Enter");
      await poll(async () => (await edge("time")).width).toBeCloseTo(width, 0);
      await page.keyboard.press("Escape");

      const kept = await edge("action");
      expect(new URL(page.url()).search).toBe("");
      await page.reload();
      await row(page, 0).waitFor();
      await poll(async () => (await edge("action")).width).toBeCloseTo(kept.width, 0);
      await head("action").dblclick({ position: { x: kept.width - 4, y: 10 } });
      await poll(async () => (await edge("action")).width).not.toBeCloseTo(kept.width, 0);
    });
  });

  it("shows what is hostile as text", async () => {
    const actor = { id: '<img src=x onerror=alert(1)> "a*b",\u202e', type: "user" };
    await node.client().append([{ action: "hostile.sent", actor, tenant: "__proto__" }]);
    await node.client().searchPage("action:hostile.sent", { minIndex: FILLED_EVENTS });
    await withPage({ path: "/?q=action:hostile.sent&split=actor" }, async (page) => {
      await row(page, 0).getByText("\\u{202e}").waitFor();
      const value = page.getByRole("region", { name: "Actors" }).getByRole("button", { name: /onerror/ });
      await value.first().click();
      await poll(() => parameter(page, "q")).toContain("onerror");
      await page.getByText(/characters that can’t be seen: .*\\u\{202e\}/).waitFor();
      await poll(async () => await total(page).textContent()).toBe("1 event");
      expect(await page.locator("img").count()).toBe(0);
    });
  });

  for (const width of [1_280, 390]) {
    for (const colorScheme of ["light", "dark"] as const) {
      it(`has no violation of WCAG 2.2 AA at ${width} px, ${colorScheme}`, async () => {
        await withPage({ path: "/?event=5&order=oldest", width, colorScheme }, async (page) => {
          const pane =
            width === 390 ? page.getByRole("dialog") : page.getByRole("region", { name: "Event 5" });
          await pane.getByRole("heading", { name: "Fields" }).waitFor();
          if (width === 390) {
            await expectAccessible(page);
            await page.getByRole("button", { name: "Close the event" }).click();
          }
          await row(page, 0).getByText("success").or(row(page, 0).getByText("denied")).first().waitFor();
          if (width !== 390)
            await page.getByRole("region", { name: "Sources" }).getByText("cluster").waitFor();
          await expectAccessible(page);
          await screenshot(page, `explore-result-${width}-${colorScheme}`);
        });
      });
    }
  }
});
