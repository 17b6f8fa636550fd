import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConsoleNode, expectAccessible, HAS_CHROMIUM, screenshot, TestBrowser } from "./harness/index.ts";

interface Opened {
  readonly name: string;
  readonly path: string;
  /** Opens it, and waits until it is there. */
  readonly open: (page: Page) => Promise<void>;
  /** The one width that has it; all of them unless told. */
  readonly only?: 1_280 | 390;
}

/** On a narrow page some of the controls are folded away. */
async function unfold(page: Page): Promise<void> {
  if (page.viewportSize()!.width === 390) await press(page, "More controls");
}

async function press(page: Page, button: string | RegExp): Promise<void> {
  await page.getByRole("button", { name: button, exact: true }).click();
}

const OPENED: readonly Opened[] = [
  {
    name: "settings",
    path: "/verify",
    open: async (page) => {
      await press(page, "Settings");
      await page.getByRole("menuitemradio", { name: "UTC", checked: true }).waitFor();
    },
  },
  {
    name: "time-range",
    path: "/",
    open: async (page) => {
      await press(page, /^Time range/);
      await page.getByRole("dialog", { name: "Time range" }).waitFor();
    },
  },
  {
    name: "refresh",
    path: "/",
    open: async (page) => {
      await press(page, "Automatic refresh: off");
      await page.getByRole("menuitemradio", { name: "Off", checked: true }).waitFor();
    },
  },
  {
    name: "saved-searches",
    path: "/?q=outcome:denied",
    open: async (page) => {
      await unfold(page);
      await press(page, "Saved searches");
      await page.getByRole("textbox", { name: "Save this search as" }).fill("What was denied");
      await press(page, "Save");
      await page.getByRole("link", { name: "What was denied" }).waitFor();
    },
  },
  {
    name: "export",
    path: "/",
    open: async (page) => {
      await unfold(page);
      await press(page, "Export");
      await page.getByRole("menuitem", { name: /^CSV/ }).waitFor();
    },
  },
  {
    name: "values",
    path: "/",
    only: 390,
    open: async (page) => {
      await press(page, "Values");
      await page.getByRole("dialog", { name: "Values" }).getByText("cluster").waitFor();
    },
  },
  {
    name: "columns",
    path: "/",
    only: 1_280,
    open: async (page) => {
      await press(page, "Columns");
      // The last one can be reached: what does not fit the window is scrolled to.
      await press(page, "The usual ones");
    },
  },
  {
    name: "help",
    path: "/live",
    open: async (page) => {
      await press(page, "How to search");
      await page.getByRole("heading", { name: "How to search" }).waitFor();
    },
  },
  {
    name: "suggestions",
    path: "/",
    open: async (page) => {
      await page.keyboard.press("/");
      await page.keyboard.type("outcome:");
      await page.getByRole("option", { name: /denied/ }).waitFor();
    },
  },
  {
    name: "mistake",
    path: "/?q=colour:red",
    open: async (page) => {
      await page.getByText("there is no field colour").first().waitFor();
    },
  },
  {
    name: "key",
    path: "/event/main/150000",
    open: async (page) => {
      await press(page, "The log's key…");
      await page.getByRole("dialog", { name: "The key of the log main" }).waitFor();
    },
  },
];

// Where there is no Chromium, what runs in it can't be tested.
describe.skipIf(!HAS_CHROMIUM)("what opens over a page", () => {
  let node: ConsoleNode;
  let browser: TestBrowser;

  beforeAll(async () => {
    [node, browser] = await Promise.all([ConsoleNode.start(), TestBrowser.start()]);
  });

  afterAll(async () => {
    await browser?.close();
    await node?.close();
  });

  const looks = [
    { width: 1_280, colorScheme: "light" },
    { width: 390, colorScheme: "dark" },
  ] as const;
  const cases = OPENED.flatMap(({ only, ...one }) =>
    looks.filter(({ width }) => width === (only ?? width)).map((look) => ({ ...one, ...look })),
  );

  it.each(cases)("$name, $width px, $colorScheme", async ({ name, path, open, width, colorScheme }) => {
    const opened = await browser.open(node, { path, width, colorScheme });
    opened.allow(/status of 400/);
    const { page } = opened;
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
    await open(page);
    await screenshot(page, `${name}-${width}-${colorScheme}`);
    const tooWidePx = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
    expect(tooWidePx).toBe(0);
    await expectAccessible(page);
    await opened.close();
  });

  it("names the tab, and keeps the log from page to page", async () => {
    const opened = await browser.open(node, { path: "/?log=empty" });
    const { page } = opened;
    await expect.poll(() => page.title()).toBe("Explore · empty · Stele");
    for (const name of ["Live", "Health", "Verify"]) {
      await page.getByRole("link", { name, exact: true }).click();
      await expect.poll(() => page.title()).toBe(`${name} · empty · Stele`);
    }
    await page.goto(`${node.url}/event/empty/5`);
    await expect.poll(() => page.title()).toBe("Event 5 · empty · Stele");
    await page.getByRole("link", { name: "Explore", exact: true }).click();
    await expect.poll(() => page.title()).toBe("Explore · empty · Stele");
    opened.allow(/status of 404/);
    await opened.close();
  });

  it("goes from the search box to the table, to an event and back, by keyboard", async () => {
    const opened = await browser.open(node, { path: "/" });
    const { page } = opened;
    const grid = page.getByRole("grid");
    const isFocused = () => grid.evaluate((element) => element === document.activeElement);
    await grid.waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("outcome:denied ");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.title()).toBe("outcome:denied · Explore · main · Stele");
    await page.keyboard.press("Escape");
    await expect.poll(isFocused).toBe(true);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: /^Event \d+$/ }).waitFor();
    // As somebody does who was sent the address.
    await page.reload();
    await page.getByRole("region", { name: /^Event \d+$/ }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("region", { name: /^Event \d+$/ }).waitFor({ state: "detached" });
    expect(await isFocused()).toBe(true);
    await opened.close();
  });

  // The last one: from here on the node wants tokens.
  it("says what is wrong with a token", async () => {
    await node.token("rita", "reader");
    for (const look of looks) {
      const opened = await browser.open(node, { path: "/", ...look });
      opened.allow(/status of 401/);
      const { page } = opened;
      await page.getByLabel("Access token").fill("two words");
      await press(page, "Sign in");
      await page.getByText("This is no access token").waitFor();
      await page.getByLabel("Access token").fill("stele_of-another-node");
      await press(page, "Sign in");
      await page.getByText("This node does not know the access token").waitFor();
      expect(await page.title()).toBe("Sign in · Stele");
      await expectAccessible(page);
      await opened.close();
    }
  });
});
